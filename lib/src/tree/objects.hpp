// Walks the objects of which a tree is made, without reading its records: what rebuilding the accounts needs to know.
//
// Thread safety: a pure function over a snapshot. Nothing is judged but what the walk relies on; what can't be entered
// throws errc::corrupt, unless the visitor has the walk go on behind it. Time is linear in the nodes that are entered.
#pragma once

#include <holdfast/error.hpp>

#include "base/types.hpp"
#include "tree/root.hpp"
#include "tree/space.hpp"

namespace holdfast {

class object_visitor {
public:
    object_visitor() = default;
    object_visitor(const object_visitor&) = delete;
    object_visitor& operator=(const object_visitor&) = delete;
    virtual ~object_visitor() = default;

    /// False: it is not entered.
    virtual bool node(ref place, std::uint64_t bytes) = 0;
    virtual void separator(ref place, std::uint64_t bytes) = 0;
    /// Of a leaf that was made by `leaf`: the record is not newer.
    virtual void record(ref place, txn_id leaf) = 0;
    /// Called while an exception is handled: throws it on, or else the walk goes on with the next object.
    virtual void damaged(const error& /*damage*/) { throw; }
};

void visit_objects(const space_view& view, const tree_root& root, object_visitor& visitor);

} // namespace holdfast
