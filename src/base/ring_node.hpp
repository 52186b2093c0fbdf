// RingNode: a place in a ring whose members carry their own links, so that joining and leaving takes no memory. The ring
// itself is a node that stands for its beginning and its end. No threads: a ring and its members are one thread's.
#pragma once

#include <utility>

namespace sluice {

class RingNode {
  public:
    RingNode() = default;
    ~RingNode() { leave(); }
    RingNode(const RingNode&) = delete;
    RingNode& operator=(const RingNode&) = delete;

    // In no ring; of a ring itself: it has no members.
    bool is_alone() const { return behind_ == this; }
    // As the last one, from wherever it was.
    void join(RingNode& ring) {
        leave();
        before_ = std::exchange(ring.before_, this);
        behind_ = &ring;
        before_->behind_ = this;
    }
    void leave() {
        before_->behind_ = behind_;
        behind_->before_ = before_;
        before_ = behind_ = this;
    }
    // The next member, or the ring; behind the ring its first member.
    RingNode* behind() const { return behind_; }

  private:
    RingNode* before_ = this;
    RingNode* behind_ = this;
};

}  // namespace sluice
