#pragma once
// A value or an Error.

#include <cassert>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "common/core/error.h"

namespace gtm {

// Holds a T or the Error that stands in its place. `value()` of a failure is a
// programmer bug (asserted).
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool ok() const { return state_.index() == 0; }
  const T& value() const& { return *Checked(); }
  T& value() & { return *const_cast<T*>(Checked()); }
  T&& value() && { return std::move(*const_cast<T*>(Checked())); }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  const T* Checked() const {
    assert(ok() && "value() of a Result that holds an error");
    return std::get_if<0>(&state_);
  }
  std::variant<T, Error> state_;
};

// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: by design
  bool ok() const { return !error_.has_value(); }
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

#define GTM_CONCAT_INNER(a, b) a##b
#define GTM_CONCAT(a, b) GTM_CONCAT_INNER(a, b)

// Returns from the enclosing function where `expression` (a Result) failed.
#define GTM_RETURN_IF_ERROR(expression)                         \
  do {                                                          \
    auto gtm_status = (expression);                             \
    if (!gtm_status.ok()) return std::move(gtm_status).error(); \
  } while (false)

// `GTM_ASSIGN_OR_RETURN(auto view, books.View(tenant));`
#define GTM_ASSIGN_OR_RETURN(lhs, expression) \
  GTM_ASSIGN_OR_RETURN_INNER(GTM_CONCAT(gtm_result_, __LINE__), lhs, expression)
#define GTM_ASSIGN_OR_RETURN_INNER(result, lhs, expression) \
  auto result = (expression);                               \
  if (!result.ok()) return std::move(result).error();       \
  lhs = std::move(result).value()

}  // namespace gtm
