/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_line.h"

#include <math.h>

double
mg_line_number(const json_t *line, const char *key)
{
    const json_t *value = json_object_get(line, key);

    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

const json_t *
mg_line_of_phase(const json_t *lines, const json_t *as, size_t *from)
{
    const double wanted = mg_line_number(as, "phase");
    const json_t *line = NULL;

    if (isnan(wanted))
        return NULL;
    while ((line = json_array_get(lines, *from)) != NULL && !(mg_line_number(line, "phase") >= wanted))
        ++*from;
    return line != NULL && mg_line_number(line, "phase") == wanted ? line : NULL;
}
