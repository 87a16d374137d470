// Rewriting a table's pages in place, online: rows are written anew in small transactions, batch by
// batch over ranges of pages, while others go on reading and writing.
#pragma once

#include "schema/layout_work.hpp"

namespace scalectl::schema {

/// Frees half of each full page: every second row moves to new pages, which the fillfactor fills by
/// half. It goes by what a page holds at the time, so that it can be stopped and run again
/// anywhere.
void spread(LayoutWork& work, const LayoutFile& hot);

/// Moves the rows of the last pages into the free space in front until the table is within a tenth
/// of its packed size, and has VACUUM cut the empty end off. False, with a warning, where that did
/// not come about: an old snapshot keeps dead rows, or VACUUM did not get the lock.
bool gather(LayoutWork& work, const LayoutFile& seed);

}  // namespace scalectl::schema
