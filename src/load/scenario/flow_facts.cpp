#include "load/scenario/flow_facts.hpp"

#include <algorithm>

namespace scalectl::load::scenario {
namespace {

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <typename... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

bool step_takes_time(const Step& step) {
  return std::visit(
      Overloaded{[](const HttpStep&) { return true; }, [](const ConnectStep&) { return true; },
                 [](const SendStep&) { return false; }, [](const ExpectStep&) { return true; },
                 [](const CloseStep&) { return false; },
                 [](const JoinStep& join) { return std::holds_alternative<ConnectStep>(join.by); },
                 [](const ThinkStep& think) { return think.most > 0 || think.mean > 0; },
                 [](const PaceStep& pace) { return pace.interval > 0; },
                 [](const LoopStep& loop) {
                   // Conditions and a time that is up may leave no round at all.
                   return loop.times && loop.while_true.empty() && !loop.length &&
                          takes_time(loop.body);
                 },
                 [](const ChooseStep& choose) {
                   const auto& last = choose.branches.back();
                   const bool one_is_taken = choose.weight_sum > 0 || last.when.empty();
                   return one_is_taken &&
                          std::all_of(choose.branches.begin(), choose.branches.end(),
                                      [](const auto& branch) { return takes_time(branch.flow); });
                 },
                 [](const SetStep&) { return false; }, [](const CheckStep&) { return false; }},
      step.action);
}

void add(const Flow& flow, FlowFacts& facts) {
  for (const Step& step : flow) {
    ++facts.steps;
    if (std::holds_alternative<HttpStep>(step.action)) {
      ++facts.requests;
      facts.has_http = true;
    } else if (std::holds_alternative<ExpectStep>(step.action)) {
      facts.has_expect = facts.has_websocket = true;
    } else if (std::holds_alternative<ThinkStep>(step.action) ||
               std::holds_alternative<PaceStep>(step.action)) {
      facts.has_wait = true;
    } else if (const auto* loop = std::get_if<LoopStep>(&step.action)) {
      add(loop->body, facts);
    } else if (const auto* choose = std::get_if<ChooseStep>(&step.action)) {
      for (const auto& branch : choose->branches) add(branch.flow, facts);
    } else if (!std::holds_alternative<SetStep>(step.action) &&
               !std::holds_alternative<CheckStep>(step.action)) {
      facts.has_websocket = true;  // connect, send, close, join
    }
  }
}

}  // namespace

bool takes_time(const Flow& flow) { return std::any_of(flow.begin(), flow.end(), step_takes_time); }

FlowFacts facts_of(const Flow& flow) {
  FlowFacts facts;
  add(flow, facts);
  return facts;
}

}  // namespace scalectl::load::scenario
