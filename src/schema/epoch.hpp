// The epoch layout: its objects, and the way back from it.
#pragma once

#include "schema/layout_work.hpp"

namespace scalectl::schema {

/// Makes the epoch layout's objects, for everybody who may use the players' table already.
void install_epoch(LayoutWork& work, const LayoutFile& epoch);

/// Makes the view of the present show the columns that the table got since, and its trigger write
/// them; notes which. Does nothing where there are none.
void refresh_view(LayoutWork& work, const LayoutFile& epoch);

/// Brings every player to the present in batches, and takes the objects away under a short lock, in
/// which the few are settled that have come behind since. Throws Error (busy) where ticks come
/// faster than the players can be settled.
void remove_epoch(LayoutWork& work, const LayoutFile& epoch);

}  // namespace scalectl::schema
