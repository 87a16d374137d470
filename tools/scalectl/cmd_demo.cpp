#include "context.hpp"
namespace scalectl::tool {
void declare_demo(cli::Application&, Context&) {}
}
