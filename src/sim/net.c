/* net.c - the OTA service of a simulated board on real sockets, at an address of this computer. */
#include "sim/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LOOK_NS (10 * SIM_MS)	     /* interval at which the service looks at the board and its own timeouts */
#define RESTART_NS (250 * SIM_MS)    /* from the end of an update to the restart: the chip transmits its last text */
#define COPY_SECTOR_NS (30 * SIM_MS) /* time in which eboot erases, reads and writes 4 KiB */
#define SECTOR 4096
#define READS 64 /* most reads from one socket before the other sockets are read */

/* ---- the board, as the services see it ---- */

static int boot_mode(void *user)
{
	struct sim_net *net = user;

	return sim_board_truth(net->board)->boot_mode;
}

static void net_print(void *user, const char *text)
{
	struct sim_net *net = user;

	/* ignore -ENOSPC: text that does not fit into the board's queue is lost, as in a full FIFO */
	(void)sim_board_say(net->board, net->now_ns, text, strlen(text), net->config.app_baud);
}

static void net_staged(void *user, const char *md5, size_t size)
{
	struct sim_net *net = user;

	snprintf(net->staged_md5, sizeof(net->staged_md5), "%s", md5);
	net->staged_size = size;
	sim_board_ota_staged(net->board, (int64_t)(size / SECTOR + 1) * COPY_SECTOR_NS);
}

static void restart_soon(void *user)
{
	struct sim_net *net = user;

	net->restart_ns = net->now_ns + RESTART_NS;
}

/* ---- sockets ---- */

static int64_t net_now_ms(const struct sim_net *net)
{
	return net->now_ns / SIM_MS;
}

static bool is_esphome(const struct sim_net *net)
{
	return net->config.ota_kind != SIM_OTA_ARDUINO;
}

static const struct sim_ota_record *net_record(const struct sim_net *net)
{
	return is_esphome(net) ? &net->esphome.record : &net->arduino.record;
}

static void net_shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int net_watch(struct sim_net *net, int fd, uint32_t events, int op)
{
	struct epoll_event event = { .events = events, .data = { .fd = fd } };

	return epoll_ctl(net->epoll_fd, op, fd, &event);
}

static int make_socket(const struct sim_net *net, int type)
{
	static const int on = 1;
	int fd = socket(net->address.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && type == SOCK_STREAM)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)); /* fails only for a wrong fd */
	return fd;
}

static void open_service(struct sim_net *net)
{
	int type = is_esphome(net) ? SOCK_STREAM : SOCK_DGRAM;

	net->service = make_socket(net, type);
	if (net->service >= 0 && !bind(net->service, (struct sockaddr *)&net->address, net->address_len) &&
	    (type == SOCK_DGRAM || !listen(net->service, 1)) && !net_watch(net, net->service, EPOLLIN, EPOLL_CTL_ADD)) {
		net->bind_error = 0;
		return;
	}
	net->bind_error = errno;
	net_shut(&net->service);
}

static void send_datagram(void *user, const struct sim_peer *to, const void *bytes, size_t n)
{
	struct sim_net *net = user;
	struct sockaddr_storage address;

	memcpy(&address, to->bytes, to->len);
	/* errors are ignored: a datagram may get lost */
	(void)sendto(net->service, bytes, n, MSG_NOSIGNAL, (struct sockaddr *)&address, (socklen_t)to->len);
}

static void send_stream(void *user, const void *bytes, size_t n)
{
	struct sim_net *net = user;

	/* ignore errors: the few bytes fit into the socket buffer. If the client has gone, the next recv() tells so. */
	if (net->tcp >= 0)
		(void)send(net->tcp, bytes, n, MSG_NOSIGNAL);
}

static void net_hang_up(void *user)
{
	struct sim_net *net = user;

	net_shut(&net->tcp);
	net->tcp_connecting = false;
}

static void set_port(struct sockaddr_storage *address, int port)
{
	if (address->ss_family == AF_INET6)
		((struct sockaddr_in6 *)address)->sin6_port = htons((uint16_t)port);
	else
		((struct sockaddr_in *)address)->sin_port = htons((uint16_t)port);
}

/* Connects from the board's address to the sender of the invitation, as ArduinoOTA does. */
static void call_back(void *user, const struct sim_peer *to, int port)
{
	struct sim_net *net = user;
	struct sockaddr_storage from = net->address, address;

	memcpy(&address, to->bytes, to->len);
	set_port(&address, port);
	set_port(&from, 0);
	net->tcp = make_socket(net, SOCK_STREAM);
	net->tcp_connecting =
		net->tcp >= 0 && !bind(net->tcp, (struct sockaddr *)&from, net->address_len) &&
		(!connect(net->tcp, (struct sockaddr *)&address, (socklen_t)to->len) || errno == EINPROGRESS) &&
		!net_watch(net, net->tcp, EPOLLOUT, EPOLL_CTL_ADD);
	if (!net->tcp_connecting)
		net_shut(&net->tcp); /* loop_of_the_sketch() reports the failure to the service */
}

static void net_connected(struct sim_net *net)
{
	int err = 0;
	socklen_t len = sizeof(err);

	net->tcp_connecting = false;
	if (getsockopt(net->tcp, SOL_SOCKET, SO_ERROR, &err, &len) < 0 || err ||
	    net_watch(net, net->tcp, EPOLLIN, EPOLL_CTL_MOD) < 0) {
		net_shut(&net->tcp);
		sim_arduino_ota_hung_up(&net->arduino);
		return;
	}
	sim_arduino_ota_connected(&net->arduino, net_now_ms(net));
}

/* ---- received data ---- */

static void keep_image(struct sim_net *net, size_t at, const uint8_t *bytes, size_t n)
{
	size_t size = is_esphome(net) ? net->esphome.size : net->arduino.size;
	size_t rounded = (size + SECTOR - 1) / SECTOR * SECTOR;

	if (!net->flash || rounded > net->flash_size / 2)
		return;
	net->staging = net->flash_size - rounded;
	if (n > size - at)
		n = size - at;
	memcpy(net->flash + net->staging + at, bytes, n);
	net->received = at + n;
}

static void stream_data(struct sim_net *net, const uint8_t *bytes, size_t n)
{
	const struct sim_ota_record *record = net_record(net);
	size_t before = record->flashed, at = net->arduino.received, image;

	if (is_esphome(net)) {
		at = net->esphome.state == SIM_ESPHOME_DATA ? net->esphome.received : 0;
		sim_esphome_ota_data(&net->esphome, net_now_ms(net), bytes, n);
	} else {
		sim_arduino_ota_data(&net->arduino, net_now_ms(net), bytes, n);
	}
	/* an ESPHome client may send the end of the handshake first: the image is the last `image` bytes */
	image = record->flashed - before;
	if (image)
		keep_image(net, at, bytes + (is_esphome(net) ? n - image : 0), image);
}

static void receive_stream(struct sim_net *net)
{
	uint8_t buf[SECTOR];
	ssize_t n;

	for (int i = 0; i < READS && net->tcp >= 0; i++) {
		n = recv(net->tcp, buf, sizeof(buf), 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n > 0) {
			stream_data(net, buf, (size_t)n);
			continue;
		}
		if (n == 0 && !is_esphome(net) && sim_arduino_ota_is_ending(&net->arduino)) {
			/* the client sends no more, but may still read: keep the connection until "OK" is sent */
			(void)net_watch(net, net->tcp, 0, EPOLL_CTL_DEL);
			return;
		}
		if (is_esphome(net))
			sim_esphome_ota_hung_up(&net->esphome);
		else
			sim_arduino_ota_hung_up(&net->arduino);
		net_shut(&net->tcp);
	}
}

static void receive_datagrams(struct sim_net *net)
{
	for (int i = 0; i < READS && net->service >= 0; i++) {
		struct sockaddr_storage from;
		socklen_t len = sizeof(from);
		struct sim_peer peer;
		uint8_t buf[1472];
		ssize_t n = recvfrom(net->service, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);

		if (n < 0 || len > sizeof(peer.bytes))
			return;
		memcpy(peer.bytes, &from, len);
		peer.len = len;
		sim_arduino_ota_datagram(&net->arduino, &peer, buf, (size_t)n);
	}
}

static void take_connection(struct sim_net *net)
{
	if (net->tcp >= 0)
		return; /* one connection at a time; further connections wait in the backlog */
	net->tcp = accept4(net->service, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (net->tcp >= 0 && net_watch(net, net->tcp, EPOLLIN, EPOLL_CTL_ADD) == 0)
		sim_esphome_ota_connected(&net->esphome, net_now_ms(net));
	else
		net_shut(&net->tcp);
}

/* ---- the application ---- */

static void print_ready(struct sim_net *net)
{
	char text[400];

	if (net->running_md5[0]) {
		snprintf(text, sizeof(text), "Sketch MD5: %s\r\n", net->running_md5);
		net_print(net, text);
	}
	if (is_esphome(net))
		snprintf(text, sizeof(text),
			 "\033[0;32m[I][app:185]: ESPHome version %s compiled on Oct 16 2025, 10:00:00\033[0m\r\n"
			 "\033[0;35m[C][wifi:613]:   IP Address: %s\033[0m\r\n"
			 "\033[0;35m[C][esphome.ota:073]: Over-The-Air updates:\033[0m\r\n"
			 "\033[0;35m[C][esphome.ota:073]:   Address: %s:%d\033[0m\r\n",
			 net->config.ota_kind == SIM_OTA_ESPHOME ? "2025.10.0" : "2025.7.0", net->address_text,
			 net->address_text,
			 ntohs(net->address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&net->address)->sin6_port
								  : ((struct sockaddr_in *)&net->address)->sin_port));
	else
		snprintf(text, sizeof(text), "Ready\r\nIP address: %s\r\n", net->address_text);
	net_print(net, text);
}

static void begin_service(struct sim_net *net)
{
	net->begin_ns = SIM_NEVER;
	if (is_esphome(net))
		sim_esphome_ota_begin(&net->esphome);
	else
		sim_arduino_ota_begin(&net->arduino);
	print_ready(net);
}

static void end_service(struct sim_net *net)
{
	sim_arduino_ota_stop(&net->arduino);
	sim_esphome_ota_stop(&net->esphome);
	net_shut(&net->service);
	net_hang_up(net);
	net->begin_ns = net->restart_ns = SIM_NEVER;
}

/* Called when an application starts: if an image was received before, eboot has copied it, and it runs now. */
static void net_copied(struct sim_net *net)
{
	if (!net->staged_md5[0])
		return;
	memcpy(net->running_md5, net->staged_md5, sizeof(net->running_md5));
	net->staged_md5[0] = '\0';
	if (net->flash && net->received == net->staged_size)
		memmove(net->flash, net->flash + net->staging, net->received);
}

static void net_follow_application(struct sim_net *net)
{
	const struct sim_truth *truth = sim_board_truth(net->board);
	int64_t since_ns = truth->runs == SIM_RUNS_APP ? truth->app_since_ns : -1;

	if (since_ns == net->app_since_ns)
		return;
	if (net->app_since_ns >= 0)
		end_service(net);
	net->app_since_ns = since_ns;
	if (since_ns < 0)
		return;
	net_copied(net);
	net->begin_ns = since_ns + net->config.ota_late_ns;
}

/* Opens the service's socket if the service listens now, and closes the socket if it does not. */
static void keep_socket(struct sim_net *net)
{
	if (!(is_esphome(net) ? net->esphome.listens : sim_arduino_ota_listens(&net->arduino)))
		net_shut(&net->service);
	else if (net->service < 0)
		open_service(net);
}

static void loop_of_the_sketch(struct sim_net *net)
{
	if (is_esphome(net)) {
		sim_esphome_ota_tick(&net->esphome, net_now_ms(net));
		if (net->service >= 0)
			take_connection(net);
		return;
	}
	sim_arduino_ota_handle(&net->arduino, net_now_ms(net));
	if (net->arduino.state == SIM_OTA_CONNECTING && net->tcp < 0)
		sim_arduino_ota_hung_up(&net->arduino);
}

static void net_restart(struct sim_net *net)
{
	net->restart_ns = SIM_NEVER;
	sim_board_restart(net->board, net->now_ns);
	net_follow_application(net);
}

void sim_net_run(struct sim_net *net, int64_t now_ns)
{
	struct epoll_event events[4];
	int n;

	net->now_ns = now_ns;
	net_follow_application(net);
	if (net->begin_ns <= now_ns)
		begin_service(net);
	n = epoll_wait(net->epoll_fd, events, 4, 0);
	for (int i = 0; i < n; i++) {
		if (events[i].data.fd == net->service && !is_esphome(net))
			receive_datagrams(net);
		else if (events[i].data.fd == net->tcp && net->tcp_connecting)
			net_connected(net);
		else if (events[i].data.fd == net->tcp)
			receive_stream(net);
	}
	if (net->app_since_ns >= 0)
		loop_of_the_sketch(net);
	if (net->restart_ns <= now_ns)
		net_restart(net);
	keep_socket(net);
}

int64_t sim_net_next(const struct sim_net *net)
{
	return net->now_ns + LOOK_NS;
}

int sim_net_fd(const struct sim_net *net)
{
	return net->epoll_fd;
}

void sim_net_flash(struct sim_net *net, uint8_t *flash, size_t size)
{
	net->flash = flash;
	net->flash_size = size;
}

/* Parses an address with a port, such as "127.0.0.1:8266" or "[::1]:8266". */
static int parse_address(struct sim_net *net, const char *text)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&net->address;
	struct sockaddr_in *four = (struct sockaddr_in *)&net->address;
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	char *end;
	long port;

	if (!len || len >= sizeof(net->address_text))
		return -EINVAL;
	port = strtol(colon + 1, &end, 10);
	if (end == colon + 1 || *end || port < 1 || port > 65535)
		return -EINVAL;
	if (text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	memcpy(net->address_text, text, len);
	net->address_text[len] = '\0';
	if (inet_pton(AF_INET, net->address_text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		net->address_len = sizeof(*four);
	} else if (inet_pton(AF_INET6, net->address_text, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		net->address_len = sizeof(*six);
	} else {
		return -EINVAL;
	}
	set_port(&net->address, (int)port);
	return 0;
}

int sim_net_open(struct sim_net *net, struct sim_board *board, const struct sim_config *config)
{
	struct sim_ota_host host = { boot_mode, send_datagram, call_back,    send_stream, net_hang_up,
				     net_print, net_staged,    restart_soon, net,	  0 };
	enum sim_esphome_kind kind = config->ota_kind == SIM_OTA_ESPHOME ? SIM_ESPHOME_2025_10 : SIM_ESPHOME_2025_7;
	int r;

	memset(net, 0, sizeof(*net));
	net->board = board;
	net->config = *config;
	net->epoll_fd = net->service = net->tcp = -1;
	net->app_since_ns = -1;
	net->begin_ns = net->restart_ns = SIM_NEVER;
	r = parse_address(net, config->ota);
	if (r < 0)
		return r;
	sim_arduino_ota_init(&net->arduino, &host, config->ota_password);
	sim_esphome_ota_init(&net->esphome, kind, &host, config->ota_password);
	net->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return net->epoll_fd < 0 ? -errno : 0;
}

void sim_net_close(struct sim_net *net)
{
	end_service(net);
	net_shut(&net->epoll_fd);
}

void sim_net_describe(const struct sim_net *net, char *buf, size_t cap)
{
	const struct sim_ota_record *r = net_record(net);
	const char *md5 = net->running_md5[0] ? net->running_md5 : "-";

	if (is_esphome(net))
		snprintf(buf, cap,
			 "ota connections=%u greetings=%u on_begin=%u on_error=%u on_end=%u updates=%u refused=%u "
			 "logins=%u logins_failed=%u staged=%u flashed=%zu untouched=%d md5=%s bind_error=%d",
			 r->connections, r->greetings, r->on_start, r->on_error, r->on_end, r->updates, r->refused,
			 r->logins, r->logins_failed, r->staged, r->flashed, sim_ota_record_untouched(r), md5,
			 net->bind_error);
	else
		snprintf(buf, cap,
			 "ota datagrams=%u ignored=%u written=%u transitions=%u logins=%u logins_failed=%u "
			 "logins_broken=%u on_error=%u on_start=%u on_end=%u updates=%u refused=%u staged=%u "
			 "flashed=%zu last_error=%d untouched=%d md5=%s bind_error=%d",
			 r->datagrams, r->ignored, r->written, r->transitions, r->logins, r->logins_failed,
			 r->logins_broken, r->on_error, r->on_start, r->on_end, r->updates, r->refused, r->staged,
			 r->flashed, r->last_error, sim_ota_record_untouched(r), md5, net->bind_error);
}
