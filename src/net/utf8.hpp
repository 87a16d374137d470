// UTF-8, as WebSocket wants it of text (RFC 3629).
#pragma once

#include <string_view>

namespace scalectl::net {

/// False for bytes that stand for no text: overlong forms, surrogates and what is cut off included.
bool is_utf8(std::string_view bytes);

}  // namespace scalectl::net
