/* text.h - reports for people: "PORT: WORD: text", and the cure on standard error. */
#ifndef ESPRESET_TEXT_H
#define ESPRESET_TEXT_H

#include <stdio.h>

#include "report/report.h"

void text_note(const char *port, const struct session_note *note);
void text_match(const char *port, const struct report_match *match);
void text_wiring(const char *port, const struct report_wiring *wiring);
void text_result(FILE *out, const char *port, const struct report_result *result);
void text_advice(const char *port, const struct report_result *result);

/** text_sentence() - what stands after "PORT: WORD: ", harmless on a terminal */
void text_sentence(const struct report_result *result, char *buf, size_t cap);

#endif
