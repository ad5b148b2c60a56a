/* schema.c - checks JSON against the schema docs/espreset.schema.json. Of the keywords of JSON Schema, it knows only
 * those that this schema uses.
 *
 * Any other keyword in the schema is an error. If it were ignored, a rule that is added to the schema later might never
 * be checked.
 */
#include "schema.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA_FILE "docs/espreset.schema.json"

struct check {
	json_t *root;
	char *why;
	size_t cap;
};

static bool fits(struct check *c, json_t *schema, json_t *value, const char *where);

static bool no(struct check *c, const char *where, const char *what)
{
	snprintf(c->why, c->cap, "%s: %s", where, what);
	return false;
}

static bool is_type(json_t *value, const char *type)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT: return strcmp(type, "object") == 0;
	case JSON_ARRAY: return strcmp(type, "array") == 0;
	case JSON_STRING: return strcmp(type, "string") == 0;
	case JSON_INTEGER: return strcmp(type, "integer") == 0 || strcmp(type, "number") == 0;
	case JSON_REAL: return strcmp(type, "number") == 0;
	case JSON_TRUE:
	case JSON_FALSE: return strcmp(type, "boolean") == 0;
	default: return strcmp(type, "null") == 0;
	}
}

static bool fits_type(json_t *types, json_t *value)
{
	json_t *type;
	size_t i;

	if (json_is_string(types))
		return is_type(value, json_string_value(types));
	json_array_foreach(types, i, type)
	{
		if (is_type(value, json_string_value(type)))
			return true;
	}
	return false;
}

static bool is_member(json_t *list, json_t *value)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (json_equal(one, value))
			return true;
	}
	return false;
}

static bool fits_some(struct check *c, json_t *schemas, json_t *value, const char *where, bool exactly_one)
{
	char whys[2048] = "", why[512];
	size_t i, hits = 0;
	json_t *one;

	json_array_foreach(schemas, i, one)
	{
		struct check inner = { c->root, why, sizeof(why) };
		size_t used = strlen(whys);

		if (fits(&inner, one, value, where))
			hits++;
		else
			snprintf(whys + used, sizeof(whys) - used, "[%s] ", why);
	}
	if (hits == 1 || (hits > 1 && !exactly_one))
		return true;
	return no(c, where, hits ? "fits several alternatives" : whys);
}

static bool has_required(struct check *c, json_t *names, json_t *value, const char *where)
{
	json_t *name;
	size_t i;

	json_array_foreach(names, i, name)
	{
		if (!json_object_get(value, json_string_value(name)))
			return no(c, where, json_string_value(name));
	}
	return true;
}

static bool fits_properties(struct check *c, json_t *schema, json_t *value, const char *where)
{
	json_t *properties = json_object_get(schema, "properties"), *member;
	bool closed = json_is_false(json_object_get(schema, "additionalProperties"));
	const char *key;

	if (!json_is_object(value))
		return true;
	json_object_foreach(value, key, member)
	{
		json_t *its = json_object_get(properties, key);
		char deeper[256];

		snprintf(deeper, sizeof(deeper), "%s.%s", where, key);
		if (!its && closed)
			return no(c, deeper, "not in the schema");
		if (its && !fits(c, its, member, deeper))
			return false;
	}
	return true;
}

static bool fits_items(struct check *c, json_t *schema, json_t *value, const char *where)
{
	json_t *member;
	size_t i;

	json_array_foreach(value, i, member)
	{
		if (!fits(c, schema, member, where))
			return false;
	}
	return true;
}

static bool fits_keyword(struct check *c, const char *keyword, json_t *schema, json_t *its, json_t *value,
			 const char *where)
{
	static const char *const silent[] = {
		"$schema", "$comment", "$id", "title", "description", "definitions", "additionalProperties", NULL
	};

	for (size_t i = 0; silent[i]; i++) {
		if (strcmp(keyword, silent[i]) == 0)
			return true;
	}
	if (strcmp(keyword, "$ref") == 0) {
		json_t *target = json_object_get(json_object_get(c->root, "definitions"),
						 json_string_value(its) + strlen("#/definitions/"));

		return target ? fits(c, target, value, where) : no(c, where, "the schema refers to nothing");
	}
	if (strcmp(keyword, "type") == 0)
		return fits_type(its, value) || no(c, where, "wrong type");
	if (strcmp(keyword, "enum") == 0)
		return is_member(its, value) || no(c, where, "not one of the values");
	if (strcmp(keyword, "const") == 0)
		return json_equal(its, value) || no(c, where, "not the value");
	if (strcmp(keyword, "required") == 0)
		return !json_is_object(value) || has_required(c, its, value, where);
	if (strcmp(keyword, "properties") == 0)
		return fits_properties(c, schema, value, where);
	if (strcmp(keyword, "items") == 0)
		return fits_items(c, its, value, where);
	if (strcmp(keyword, "oneOf") == 0 || strcmp(keyword, "anyOf") == 0)
		return fits_some(c, its, value, where, keyword[0] == 'o');
	return no(c, keyword, "a keyword that tests/schema.c does not know");
}

static bool fits(struct check *c, json_t *schema, json_t *value, const char *where)
{
	const char *keyword;
	json_t *its;

	json_object_foreach(schema, keyword, its)
	{
		if (!fits_keyword(c, keyword, schema, its, value, where))
			return false;
	}
	return true;
}

bool schema_check(const char *line, char *why, size_t cap)
{
	json_error_t error;
	struct check c = { json_load_file(SCHEMA_FILE, 0, &error), why, cap };
	json_t *value;
	bool ok;

	if (!c.root) {
		snprintf(why, cap, "%s: %s", SCHEMA_FILE, error.text);
		return false;
	}
	value = json_loads(line, JSON_REJECT_DUPLICATES, &error);
	if (!value)
		snprintf(why, cap, "no JSON: %s", error.text);
	ok = value && fits(&c, c.root, value, "");
	json_decref(value);
	json_decref(c.root);
	return ok;
}

int schema_check_lines(const char *text, char *why, size_t cap)
{
	int lines = 0;

	snprintf(why, cap, "no line at all");
	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = strndup(text, len);
		bool ok = line && schema_check(line, why, cap);

		free(line);
		if (!ok)
			return -1;
		lines++;
		text += len + (text[len] == '\n');
	}
	return lines ? lines : -1;
}
