/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_LEFTOVER_H
#define MGRPO_LEFTOVER_H

/* The temporary files of a path are its name, this, and the id of the process that writes there. */
#define MG_TEMP_MARK ".new-"

/*
 * Removes the temporary files of `path` whose writers are dead: no process has the id, or one has it that began after
 * the file was written, and nobody has the file locked, as a process in another container would. Other files are left
 * alone, and so is what cannot be told or removed.
 */
void mg_leftovers_remove(const char *path);

#endif
