#pragma once
// Shared ownership with a counter inside the object, and copy on write.

#include <atomic>
#include <cstdint>
#include <utility>

namespace gtm::book {

// Base of what a Ref holds.
struct RefCounted {
  RefCounted() = default;
  // A copy is a new object: nobody holds it yet.
  RefCounted(const RefCounted&) {}
  RefCounted& operator=(const RefCounted&) = delete;
  mutable std::atomic<uint32_t> refs{0};
};

// Shares a T. T::Free(T*) destroys it when the last Ref goes, from any thread.
template <class T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* object) : object_(object) { Acquire(); }
  Ref(const Ref& other) : object_(other.object_) { Acquire(); }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr && object_->refs.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      T::Free(object_);
    }
  }
  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  // True where this is the only Ref. Then, if nobody copies this Ref meanwhile, the
  // object may be changed: whoever held it before has finished reading.
  bool unique() const { return object_->refs.load(std::memory_order_acquire) == 1; }

 private:
  void Acquire() {
    if (object_ != nullptr) object_->refs.fetch_add(1, std::memory_order_relaxed);
  }
  T* object_ = nullptr;
};

}  // namespace gtm::book
