// ask: a question to the core thread from another one, which waits for the answer, but not for
// ever. What is asked must hold no reference to the caller's locals: it may run after it gave up.
#pragma once

#include "base/result.hpp"
#include "broker/turn.hpp"
#include "node/admin_streams.hpp"
#include "node/runner.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>

#include <asio/post.hpp>

namespace tandemq {

inline constexpr const char* kNoAnswer =
    "The broker does not answer in time; a change may still happen.";

inline constexpr const char* kNotPrimary =
    "This node is a standby and serves no clients: ask the primary, or see 'tandemqctl status'.";

inline constexpr std::chrono::milliseconds kGlance{100};  // Now and then, for the core's end.

template <class Answer>
Result<Answer> await(const asio::io_context& core, std::future<Result<Answer>> answer,
                     int glances = 50) {
  for (int i = 0; i < glances; ++i) {
    if (answer.wait_for(kGlance) == std::future_status::ready) return answer.get();
    if (core.stopped()) return failure("The broker is stopping.");
  }
  return failure(kNoAnswer);
}

// To the core thread and back, whatever the role of the node is.
template <class Question>
auto ask_core(asio::io_context& core, Question question, int glances = 50) {
  using Answer = std::invoke_result_t<Question>;
  const auto promise = std::make_shared<std::promise<Result<Answer>>>();
  std::future<Result<Answer>> answer = promise->get_future();
  asio::post(core, [promise, question = std::move(question)] { promise->set_value(question()); });
  return await(core, std::move(answer), glances);
}

// `question` is called with the Primary and the time.
template <class Question>
auto ask(Runner& runner, Question question) {
  using Answer = std::invoke_result_t<Question, Primary&, Instant>;
  const auto promise = std::make_shared<std::promise<Result<Answer>>>();
  std::future<Result<Answer>> answer = promise->get_future();
  runner.post([promise, question = std::move(question)](
                  Primary& primary, Instant now) { promise->set_value(question(primary, now)); },
              [promise] { promise->set_value(failure(kNotPrimary)); });
  return await(runner.io(), std::move(answer));
}

// `what` is called with a Turn; the answer comes when its effects are committed.
template <class Change>
auto change(Runner& runner, AdminStreams& streams, Change what) {
  using Answer = std::invoke_result_t<Change, Turn&>;
  const auto promise = std::make_shared<std::promise<Result<Answer>>>();
  std::future<Result<Answer>> answer = promise->get_future();
  runner.post(
      [promise, &streams, what = std::move(what)](Primary& primary, Instant now) {
        Turn turn(primary.broker().world(), now, primary.effects());
        const auto done = std::make_shared<Answer>(what(turn));
        streams.when_committed(primary, [promise, done] { promise->set_value(std::move(*done)); });
      },
      [promise] { promise->set_value(failure(kNotPrimary)); });
  return await(runner.io(), std::move(answer));
}

}  // namespace tandemq
