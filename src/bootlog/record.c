/* record.c - keeps the record of each boot (struct boot), and reports each text line of a boot as an event. */
#include "bootlog/reader.h"

void bootlog_emit(struct bootlog *log, enum boot_event_kind kind, struct span line, int number)
{
	struct boot_event event = {
		.kind = kind,
		.number = number,
		.sure = !log->unsure,
		.begin_ms = log->line_begin_ms,
		.end_ms = log->now_ms,
		.line = line.at,
		.len = span_len(line),
		.trouble = log->boot.trouble,
		.reason = log->boot.reason,
		.boot = log->any_boot ? &log->boot : NULL,
	};

	log->pieces |= kind == BOOT_EVENT_FRAGMENT;
	if (kind != BOOT_EVENT_GARBAGE && kind != BOOT_EVENT_LINE) {
		text_flush_garbage(log);
		log->readable += event.len;
	}
	if (log->on_event)
		log->on_event(log->user, &event);
}

void bootlog_emit_trouble(struct bootlog *log, enum boot_trouble trouble, struct span line, enum boot_reason reason)
{
	struct boot *boot = &log->boot;
	struct span text = span_trim(line);

	if (log->unsure) {
		bootlog_fragment(log, line);
		return;
	}
	log->begun = true;
	log->dies |= trouble == BOOT_CRASH;
	/* Record only the first trouble of a boot. If a boot finds no image and crashes later, the missing image is the
	 * reason. */
	if (boot->trouble == BOOT_OK) {
		boot->trouble = trouble;
		boot->reason = reason;
		span_copy(boot->trouble_text, sizeof(boot->trouble_text), text);
	}
	if (trouble == BOOT_CRASH && boot->trouble == BOOT_CRASH) {
		log->history.crashed = true;
		log->culprit = *boot;
	}
	bootlog_emit(log, BOOT_EVENT_TROUBLE, text, 0);
}

void bootlog_fragment(struct bootlog *log, struct span line)
{
	bootlog_emit(log, BOOT_EVENT_FRAGMENT, span_trim(line), 0);
}

const char *bootlog_out_of_place(struct bootlog *log, struct span line)
{
	bootlog_fragment(log, line);
	return line.end;
}

const char *bootlog_progress(struct bootlog *log, enum boot_progress step, struct span line)
{
	log->begun = true;
	if (step > log->boot.progress) {
		log->boot.progress = step;
		if (step >= BOOT_LOADED && log->boot.loaded_ms < 0)
			log->boot.loaded_ms = log->now_ms;
	}
	bootlog_emit(log, BOOT_EVENT_PROGRESS, span_trim(line), 0);
	return line.end;
}

const char *bootlog_waits(struct bootlog *log, enum boot_source source, struct span line)
{
	if (log->boot.progress > BOOT_BANNER)
		return bootlog_out_of_place(log, line);
	log->begun = true;
	log->boot.waiting = true;
	if (log->boot.source == BOOT_SOURCE_UNKNOWN)
		log->boot.source = source;
	bootlog_emit(log, BOOT_EVENT_WAITING, line, 0);
	return line.end;
}

bool bootlog_in_rom(const struct bootlog *log)
{
	return log->begun && log->boot.progress < BOOT_LOADED;
}

void bootlog_begin_boot(struct bootlog *log)
{
	if (log->begun) {
		history_decide(log);
		log->before = log->boot;
	}
	log->boot = (struct boot){
		BOOT_UNREAD,
		.number = ++log->boots,
		.begin_ms = log->line_begin_ms,
		.line = log->line_number,
	};
	log->begun = true;
	log->eboot = EBOOT_NO;
	log->said_once = 0;
	log->joined = log->chosen = log->dies = false;
	log->report = (struct bootlog_report){ 0 };
}

/* @first is the boot before a log's first banner, @boot has this banner's numbers: copy them to @first. A log may begin
 * in the middle of a reboot loop. Then the banner of @first, which was not recorded, was most likely the same. */
static void describe_first_boot(struct boot *first, const struct boot *boot)
{
	first->chip = boot->chip;
	memcpy(first->chip_name, boot->chip_name, sizeof(boot->chip_name));
	first->cause = boot->cause;
	memcpy(first->cause_text, boot->cause_text, sizeof(boot->cause_text));
	first->cause_kind = boot->cause_kind;
	first->mode = boot->mode;
	first->mode2 = boot->mode2;
	memcpy(first->mode_text, boot->mode_text, sizeof(boot->mode_text));
}

void bootlog_take_banner(struct bootlog *log, const struct boot *read, struct span line, bool torn)
{
	bool has_head = read->chip != CHIP_ESP8266 && log->head.valid;
	struct boot boot = *read;

	if (read->chip != CHIP_ESP8266 && !log->head.valid)
		esp32_learn_chip(&boot, line, log->boot.chip != CHIP_UNKNOWN ? &log->boot : &log->before);
	if (!history_is_fresh(read))
		trouble_banner(log);
	bootlog_begin_boot(log);
	boot.number = log->boots;
	boot.begin_ms = has_head ? log->head.begin_ms : log->line_begin_ms;
	boot.line = has_head ? log->head.line : log->line_number;
	log->boot = boot;
	log->head.valid = false;
	log->any_boot |= !torn;
	history_banner(log);
	if (log->any_decided && log->decided.number == 0)
		describe_first_boot(&log->decided, &boot);
	bootlog_emit(log, torn ? BOOT_EVENT_FRAGMENT : BOOT_EVENT_BANNER, span_trim(line), 0);
}
