/* otaprobe.c - connects the OTA probe of ota/ota.h to sockets: names, IPv4 and IPv6, UDP and TCP. */
#include "ota/otaprobe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "port/wait.h"

#define LOOKUP_AGAIN_MS 1000
#define RESOLVER_EVENT UINT32_MAX
#define EVENTS_AT_ONCE 16
#define READS_AT_ONCE 32 /* most reads of one socket at a time: a host that floods it must not delay the serial port */

/* The addresses of the host name, as the resolver process writes them to its pipe. One write() is atomic, since the
 * struct is smaller than PIPE_BUF. */
struct addresses {
	uint32_t n;
	socklen_t lens[OTAPROBE_ADDRESSES_MAX];
	struct sockaddr_storage list[OTAPROBE_ADDRESSES_MAX];
};

static int otaprobe_watch(const struct otaprobe *probe, int fd, uint32_t what, uint32_t events, int op)
{
	struct epoll_event event = { .events = events, .data = { .u32 = what } };

	return epoll_ctl(probe->epoll_fd, op, fd, &event) < 0 ? -errno : 0;
}

/* ---- names ---- */

static int look_up(const char *host, int flags, struct addresses *ret)
{
	/* with SOCK_DGRAM, getaddrinfo() returns each address once. AI_ADDRCONFIG is not set: on a computer without a
	 * network, it would leave out loopback addresses, where simulated boards are. */
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = flags }, *list, *a;
	int r = getaddrinfo(host, NULL, &hints, &list);

	if (r)
		return r;
	memset(ret, 0, sizeof(*ret));
	for (a = list; a && ret->n < OTAPROBE_ADDRESSES_MAX; a = a->ai_next) {
		if (a->ai_addrlen > sizeof(ret->list[0]) || (a->ai_family != AF_INET && a->ai_family != AF_INET6))
			continue;
		memcpy(&ret->list[ret->n], a->ai_addr, a->ai_addrlen);
		ret->lens[ret->n++] = a->ai_addrlen;
	}
	freeaddrinfo(list);
	return ret->n ? 0 : EAI_NONAME;
}

static void be_resolver(const char *host, int fd, pid_t parent)
{
	struct addresses addresses;
	sigset_t none;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent || dup2(fd, 0) < 0)
		_exit(1);
		/* close everything but the pipe: this process must not keep the serial port open after espreset */
#ifdef SYS_close_range
	if (syscall(SYS_close_range, 1U, ~0U, 0U))
#endif
		for (int other = 1; other < 4096; other++)
			(void)close(other);
	(void)signal(SIGINT, SIG_IGN); /* Ctrl-C is for the parent, which ends the resolver */
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (look_up(host, 0, &addresses))
		_exit(1);
	_exit(write(0, &addresses, sizeof(addresses)) == (ssize_t)sizeof(addresses) ? 0 : 1);
}

static int start_resolver(struct otaprobe *probe)
{
	pid_t parent = getpid();
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	probe->resolver = fork();
	r = probe->resolver < 0 ? -errno : 0;
	if (!probe->resolver)
		be_resolver(probe->host, fds[1], parent);
	(void)close(fds[1]);
	if (r < 0) {
		(void)close(fds[0]);
		return r;
	}
	probe->resolver_fd = fds[0];
	return otaprobe_watch(probe, fds[0], RESOLVER_EVENT, EPOLLIN, EPOLL_CTL_ADD);
}

static void end_resolver(struct otaprobe *probe)
{
	if (probe->resolver_fd >= 0)
		(void)close(probe->resolver_fd);
	probe->resolver_fd = -1;
	if (probe->resolver <= 0)
		return;
	(void)kill(probe->resolver, SIGKILL);
	while (waitpid(probe->resolver, NULL, 0) < 0 && errno == EINTR)
		;
	probe->resolver = 0;
}

/* ---- sockets ---- */

static bool is_tcp(enum ota_channel channel)
{
	return channel == OTA_SERVICE_TCP || channel == OTA_CLOSED_TCP;
}

static void otaprobe_shut(struct otaprobe_target *target, enum ota_channel channel)
{
	if (target->fds[channel] >= 0)
		(void)close(target->fds[channel]);
	target->fds[channel] = -1;
	target->connecting[channel] = false;
}

/* Passes an event to the state machine of the probe. */
static void pass_event(const struct otaprobe *probe, struct otaprobe_target *target, const struct ota_event *event)
{
	ota_event(&target->ota, event, probe->now_ms);
}

/* Passes an event without bytes to the state machine of the probe. */
static void pass_kind(const struct otaprobe *probe, struct otaprobe_target *target, enum ota_channel channel,
		      enum ota_event_kind kind)
{
	pass_event(probe, target, &(struct ota_event){ .kind = kind, .channel = channel });
}

/* Tells the state machine of the probe that send() or connect() has failed; @err is a positive errno. */
static void pass_error(const struct otaprobe *probe, struct otaprobe_target *target, enum ota_channel channel, int err)
{
	pass_kind(probe, target, channel, err == ECONNREFUSED ? OTA_EVENT_REFUSED : OTA_EVENT_UNREACHABLE);
}

static void address_with_port(const struct otaprobe *probe, const struct otaprobe_target *target,
			      enum ota_channel channel, struct sockaddr_storage *ret)
{
	bool service = channel == OTA_SERVICE_UDP || channel == OTA_SERVICE_TCP;
	in_port_t port = htons((uint16_t)(service ? probe->options.port : probe->options.closed_port));

	*ret = target->address;
	if (ret->ss_family == AF_INET6)
		((struct sockaddr_in6 *)ret)->sin6_port = port;
	else
		((struct sockaddr_in *)ret)->sin_port = port;
}

/* The number that stands for a channel of one of the board's addresses in an epoll event. */
static uint32_t event_of(const struct otaprobe *probe, const struct otaprobe_target *target, enum ota_channel channel)
{
	return (uint32_t)(target - probe->targets) * OTA_CHANNELS + (uint32_t)channel;
}

/* Opens and connects a socket. Return: 0; -EINPROGRESS: connect() is still going on; else the negative errno of a
 * failure. */
static int open_socket(struct otaprobe *probe, struct otaprobe_target *target, enum ota_channel channel)
{
	static const int on = 1;
	bool v6 = target->address.ss_family == AF_INET6, tcp = is_tcp(channel);
	struct sockaddr_storage address;
	int fd, r;

	fd = socket(target->address.ss_family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	target->fds[channel] = fd;
	/* with RECVERR, the kernel also reports "host unreachable", and it tells which host reported an error */
	if (!tcp && setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR, &on, sizeof(on)) < 0)
		goto fail;
	address_with_port(probe, target, channel, &address);
	r = connect(fd, (struct sockaddr *)&address, target->address_len) < 0 ? -errno : 0;
	if (r < 0 && r != -EINPROGRESS) {
		errno = -r;
		goto fail;
	}
	if (otaprobe_watch(probe, fd, event_of(probe, target, channel), r ? EPOLLOUT : EPOLLIN, EPOLL_CTL_ADD) < 0) {
		errno = ENOMEM;
		goto fail;
	}
	return r;
fail:
	r = -errno;
	otaprobe_shut(target, channel);
	return r;
}

static bool same_address(const struct sockaddr_storage *a, const struct sockaddr *b)
{
	if (a->ss_family != b->sa_family)
		return false;
	if (b->sa_family == AF_INET6)
		return !memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
			       &((const struct sockaddr_in6 *)(const void *)b)->sin6_addr, sizeof(struct in6_addr));
	return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
	       ((const struct sockaddr_in *)(const void *)b)->sin_addr.s_addr;
}

/* Reads the errno in a message of the socket's error queue. If another host than the board, such as a firewall, reports
 * "port unreachable", this says nothing about the board's port, so it counts as EHOSTUNREACH. */
static int error_in(const struct otaprobe_target *target, struct msghdr *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		struct sock_extended_err *e = (struct sock_extended_err *)(void *)CMSG_DATA(c);

		if (!(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) &&
		    !(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
			continue;
		if (e->ee_errno == ECONNREFUSED && !same_address(&target->address, SO_EE_OFFENDER(e)))
			return EHOSTUNREACH;
		return (int)e->ee_errno;
	}
	return EHOSTUNREACH;
}

static void drain_errors(struct otaprobe *probe, struct otaprobe_target *target, enum ota_channel channel)
{
	for (int i = 0; i < READS_AT_ONCE && target->fds[channel] >= 0; i++) {
		union {
			char bytes[512];
			struct cmsghdr align;
		} control;
		char byte;
		struct iovec iov = { &byte, 1 };
		struct msghdr message = {
			.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
		};

		if (recvmsg(target->fds[channel], &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return;
		pass_error(probe, target, channel, error_in(target, &message));
	}
}

static void receive_udp(struct otaprobe *probe, struct otaprobe_target *target, enum ota_channel channel)
{
	drain_errors(probe, target, channel);
	for (int i = 0; i < READS_AT_ONCE && target->fds[channel] >= 0; i++) {
		char buf[1500];
		ssize_t n = recv(target->fds[channel], buf, sizeof(buf), MSG_DONTWAIT);

		if (n >= 0)
			pass_event(probe, target, &(struct ota_event){ OTA_EVENT_BYTES, channel, buf, (size_t)n });
		else if (errno == EAGAIN)
			return;
		/* ignore other errors here: they are also in the error queue, which drain_errors() reads */
	}
}

static void receive_tcp(struct otaprobe *probe, struct otaprobe_target *target, enum ota_channel channel)
{
	char buf[1500];
	ssize_t n = recv(target->fds[channel], buf, sizeof(buf), MSG_DONTWAIT);

	if (n > 0)
		pass_event(probe, target, &(struct ota_event){ OTA_EVENT_BYTES, channel, buf, (size_t)n });
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		pass_kind(probe, target, channel, OTA_EVENT_CLOSED);
}

static void finish_connect(struct otaprobe *probe, struct otaprobe_target *target, enum ota_channel channel)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(target->fds[channel], SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		err = errno;
	if (!err &&
	    otaprobe_watch(probe, target->fds[channel], event_of(probe, target, channel), EPOLLIN, EPOLL_CTL_MOD) < 0)
		err = ENOMEM;
	target->connecting[channel] = false;
	if (err) {
		otaprobe_shut(target, channel);
		pass_error(probe, target, channel, err);
	} else {
		pass_kind(probe, target, channel, OTA_EVENT_CONNECTED);
	}
}

static void send_tcp(struct otaprobe *probe, struct otaprobe_target *target, const struct ota_action *action)
{
	int fd = target->fds[action->channel];

	/* the few bytes always fit into the socket buffer, so if not all are sent, the connection is broken */
	if (fd < 0 || send(fd, action->bytes, action->len, MSG_NOSIGNAL) != (ssize_t)action->len)
		pass_kind(probe, target, action->channel, OTA_EVENT_CLOSED);
}

static void send_udp(struct otaprobe *probe, struct otaprobe_target *target, const struct ota_action *action)
{
	enum ota_channel channel = action->channel;
	int r = target->fds[channel] < 0 ? open_socket(probe, target, channel) : 0;

	for (int tries = 0; !r && tries < 3; tries++) {
		if (send(target->fds[channel], action->bytes, action->len, MSG_NOSIGNAL) >= 0)
			return;
		if (errno != ECONNREFUSED) {
			r = -errno;
			break;
		}
		/* send() returned the error of an earlier datagram, and did not send this one: read the error and try
		 * again */
		drain_errors(probe, target, channel);
	}
	if (r)
		pass_error(probe, target, channel, -r);
}

static void do_connect(struct otaprobe *probe, struct otaprobe_target *target, enum ota_channel channel)
{
	int r;

	otaprobe_shut(target, channel);
	r = open_socket(probe, target, channel);
	target->connecting[channel] = r == -EINPROGRESS;
	if (!r)
		pass_kind(probe, target, channel, OTA_EVENT_CONNECTED);
	else if (r != -EINPROGRESS)
		pass_error(probe, target, channel, -r);
}

static void carry_out(struct otaprobe *probe, struct otaprobe_target *target)
{
	struct ota_action action;

	while (ota_action(&target->ota, &action)) {
		if (action.kind == OTA_ACTION_SEND)
			(is_tcp(action.channel) ? send_tcp : send_udp)(probe, target, &action);
		else if (action.kind == OTA_ACTION_CONNECT)
			do_connect(probe, target, action.channel);
		else
			otaprobe_shut(target, action.channel);
	}
}

/* ---- the probe ---- */

static void begin_targets(struct otaprobe *probe, const struct addresses *addresses)
{
	probe->n_targets = probe->options.ota.question == OTA_DRY_RUN ? 1 : addresses->n;
	for (unsigned int i = 0; i < probe->n_targets; i++) {
		struct otaprobe_target *target = &probe->targets[i];

		target->address = addresses->list[i];
		target->address_len = addresses->lens[i];
		for (int channel = 0; channel < OTA_CHANNELS; channel++)
			target->fds[channel] = -1;
		ota_start(&target->ota, &probe->options.ota, probe->now_ms);
	}
}

int otaprobe_start(struct otaprobe *probe, const struct otaprobe_options *options, int64_t now_ms)
{
	struct addresses addresses;
	int r = 0;

	memset(probe, 0, sizeof(*probe));
	probe->options = *options;
	probe->epoll_fd = -1;
	probe->resolver_fd = -1;
	probe->now_ms = now_ms;
	probe->lookup_ms = INT64_MAX;
	if (strlen(options->host) >= sizeof(probe->host))
		return -ENAMETOOLONG;
	memcpy(probe->host, options->host, strlen(options->host) + 1);
	probe->options.host = probe->options.ota.host = probe->host;
	if (!probe->options.closed_port)
		probe->options.closed_port = OTA_PORT_CLOSED;
	probe->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (probe->epoll_fd < 0)
		return -errno;
	/* if the service must not be asked (an old ESPHome), end the probe here, before a name is looked up */
	ota_start(&probe->targets[0].ota, &probe->options.ota, now_ms);
	probe->finding = ota_finding(&probe->targets[0].ota);
	if (probe->finding)
		return 0;
	if (!look_up(probe->host, AI_NUMERICHOST, &addresses))
		begin_targets(probe, &addresses);
	else
		r = start_resolver(probe);
	if (r < 0)
		otaprobe_end(probe);
	return r;
}

int otaprobe_fd(const struct otaprobe *probe)
{
	return probe->epoll_fd;
}

int64_t otaprobe_deadline(const struct otaprobe *probe)
{
	int64_t deadline_ms = probe->lookup_ms;

	if (probe->finding)
		return probe->now_ms;
	for (unsigned int i = 0; i < probe->n_targets; i++)
		if (!ota_finding(&probe->targets[i].ota) && ota_wake_ms(&probe->targets[i].ota) < deadline_ms)
			deadline_ms = ota_wake_ms(&probe->targets[i].ota);
	return deadline_ms;
}

static void read_resolver(struct otaprobe *probe)
{
	struct addresses addresses;
	ssize_t n = read(probe->resolver_fd, &addresses, sizeof(addresses));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	end_resolver(probe);
	if (n == (ssize_t)sizeof(addresses) && addresses.n && addresses.n <= OTAPROBE_ADDRESSES_MAX)
		begin_targets(probe, &addresses);
	else
		probe->lookup_ms = probe->now_ms + LOOKUP_AGAIN_MS;
}

static void otaprobe_handle(struct otaprobe *probe, const struct epoll_event *event)
{
	enum ota_channel channel = (enum ota_channel)(event->data.u32 % OTA_CHANNELS);
	struct otaprobe_target *target;

	if (event->data.u32 == RESOLVER_EVENT) {
		read_resolver(probe);
		return;
	}
	target = &probe->targets[event->data.u32 / OTA_CHANNELS];
	if (target->fds[channel] < 0)
		return; /* the handling of an earlier event has closed the socket */
	if (target->connecting[channel])
		finish_connect(probe, target, channel);
	else if (is_tcp(channel))
		receive_tcp(probe, target, channel);
	else
		receive_udp(probe, target, channel);
	carry_out(probe, target);
}

static void look_again(struct otaprobe *probe)
{
	if (probe->n_targets || probe->resolver_fd >= 0 || probe->now_ms < probe->lookup_ms)
		return;
	probe->lookup_ms = INT64_MAX;
	if (start_resolver(probe) < 0)
		probe->lookup_ms = probe->now_ms + LOOKUP_AGAIN_MS; /* no process could be started: try again later */
}

/* How much a finding tells. If a host has several addresses, the finding with the highest weight is reported. */
static int otaprobe_weight(const struct ota_finding *finding)
{
	switch (finding->reason) {
	case OTA_REASON_NONE: return 4;
	case OTA_REASON_REFUSED: return 3;
	case OTA_REASON_UNREACHABLE:
	case OTA_REASON_STOPPED: return 0;
	case OTA_REASON_DOWN: return 1;
	default: return 2;
	}
}

static void otaprobe_conclude(struct otaprobe *probe)
{
	unsigned int done = 0;

	for (unsigned int i = 0; i < probe->n_targets; i++) {
		const struct ota_finding *finding = ota_finding(&probe->targets[i].ota);

		if (!finding)
			continue;
		done++;
		if (!probe->found || otaprobe_weight(finding) > otaprobe_weight(ota_finding(&probe->found->ota)))
			probe->found = &probe->targets[i];
	}
	if (probe->found && (done == probe->n_targets || otaprobe_weight(ota_finding(&probe->found->ota)) >= 3))
		probe->finding = ota_finding(&probe->found->ota);
}

const struct ota_finding *otaprobe_step(struct otaprobe *probe, int64_t now_ms)
{
	static const struct ota_event timer = { .kind = OTA_EVENT_TIMER };
	struct epoll_event events[EVENTS_AT_ONCE];
	int n;

	if (probe->finding)
		return probe->finding;
	probe->now_ms = now_ms;
	n = epoll_wait(probe->epoll_fd, events, EVENTS_AT_ONCE, 0);
	for (int i = 0; i < n; i++)
		otaprobe_handle(probe, &events[i]);
	look_again(probe);
	for (unsigned int i = 0; i < probe->n_targets; i++) {
		ota_event(&probe->targets[i].ota, &timer, now_ms);
		carry_out(probe, &probe->targets[i]);
	}
	otaprobe_conclude(probe);
	return probe->finding;
}

const struct ota_finding *otaprobe_stop(struct otaprobe *probe)
{
	if (probe->finding)
		return probe->finding;
	if (!probe->n_targets) {
		ota_unresolved(&probe->targets[0].ota);
		probe->finding = ota_finding(&probe->targets[0].ota);
		return probe->finding;
	}
	for (unsigned int i = 0; i < probe->n_targets; i++) {
		ota_stop(&probe->targets[i].ota);
		carry_out(probe, &probe->targets[i]);
	}
	otaprobe_conclude(probe);
	return probe->finding;
}

void otaprobe_end(struct otaprobe *probe)
{
	if (probe->epoll_fd < 0)
		return;
	(void)otaprobe_stop(probe);
	for (unsigned int i = 0; i < probe->n_targets; i++)
		for (int channel = 0; channel < OTA_CHANNELS; channel++)
			otaprobe_shut(&probe->targets[i], (enum ota_channel)channel);
	end_resolver(probe);
	(void)close(probe->epoll_fd);
	probe->epoll_fd = -1;
}

int otaprobe_run(const struct otaprobe_options *options, int64_t deadline_ms, const struct port_stop *stop,
		 struct ota_finding *ret)
{
	struct otaprobe probe;
	const struct ota_finding *finding;
	int r = otaprobe_start(&probe, options, wait_now_ms());

	if (r < 0)
		return r;
	while (!(finding = otaprobe_step(&probe, wait_now_ms()))) {
		struct pollfd pollfd = { .fd = otaprobe_fd(&probe), .events = POLLIN };
		int64_t until_ms = otaprobe_deadline(&probe);

		r = wait_poll(&pollfd, 1, until_ms < deadline_ms ? until_ms : deadline_ms, stop);
		if ((r < 0 && r != -ETIMEDOUT) || wait_now_ms() >= deadline_ms)
			break;
		r = 0;
	}
	*ret = *(finding ? finding : otaprobe_stop(&probe));
	otaprobe_end(&probe);
	return r == -ECANCELED ? r : 0;
}
