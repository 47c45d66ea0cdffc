/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of facts that are no tables, or not whole, are refused with what is wrong. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "scratch.h"
#include "suite.h"
#include "world/world.h"

static const char table_path[] = "check_facts.facts";

static const struct {
    const char *text, *says;
} bad_table[] = {
    {"", "no rows"},
    {"# only a comment\n", "no rows"},
    {"country\ta\t+\tA\n", "field 5"},
    {"planet\ta\t+\tA\tb\n", "planet"},
    {"country\ta\t*\tA\tb\n", "flag"},
    {"country\ta\t+\tA\tb\tkey\n", "key=value"},
    {"country\ta\t+\tA\tb\t=value\n", "key=value"},
    {"country\ta\t+\tA\tb\t?=value\n", "\"value\" has no key"},
    {"country\ta\t+\tA\tb\t.=value\n", "\"value\" has no key"},
    {"country\ta\t+\tA\tb\tcapital=@nowhere\n", "nowhere"},
    {"country\ta\t+\tA\tb\ncity\ta\t+\tB\tb\n", "two rows"},
};

static void
refused(const char *bytes, size_t n, const char *says)
{
    struct mg_facts facts;

    scratch_write(table_path, bytes, n);
    mg_err_clear(&err);
    ck_assert_int_eq(mg_facts_read(&facts, table_path, &err), MG_INPUT);
    suite_says(err.text, says);
    unlink(table_path);
}

START_TEST(bad_tables)
{
    refused(bad_table[_i].text, strlen(bad_table[_i].text), bad_table[_i].says);
}
END_TEST

START_TEST(torn_table)
{
    char *data = NULL;
    size_t len = 0;

    mg_ok(mg_file_read(mg_world_facts_path(), 1 << 20, &data, &len, &err));
    refused(data, len / 2, "damaged");
    free(data);
}
END_TEST

int
main(void)
{
    TCase *tc = suite_case("facts", NULL, NULL, 0);

    tcase_add_loop_test(tc, bad_tables, 0, sizeof bad_table / sizeof *bad_table);
    suite_tests(tc, torn_table);
    return suite_main();
}
