// Reading the format out of its headers.
#include "layout.hpp"

#include <array>
#include <cstddef>
#include <string_view>

#include <holdfast/codec.hpp>

#include "format/commit.hpp"
#include "format/control.hpp"
#include "format/geometry.hpp"
#include "format/heap.hpp"
#include "format/log.hpp"
#include "format/node.hpp"
#include "format/record.hpp"
#include "format/superblock.hpp"

namespace holdfast::test {

using namespace format;

#define HOLDFAST_FIELD(type, name)                                                                           \
    field { offsetof(type, name), sizeof(static_cast<type*>(nullptr)->name), #name }

std::map<std::string, layout> compiled_layouts() {
    std::map<std::string, layout> all;
    all["superblock"] = {
        sizeof(superblock),
        {HOLDFAST_FIELD(superblock, magic), HOLDFAST_FIELD(superblock, version),
         HOLDFAST_FIELD(superblock, endianness), HOLDFAST_FIELD(superblock, features_required),
         HOLDFAST_FIELD(superblock, features_ignorable), HOLDFAST_FIELD(superblock, incarnation),
         HOLDFAST_FIELD(superblock, created_ns), HOLDFAST_FIELD(superblock, block_bytes),
         HOLDFAST_FIELD(superblock, word_bytes), HOLDFAST_FIELD(superblock, heap_offset),
         HOLDFAST_FIELD(superblock, reserved), HOLDFAST_FIELD(superblock, checksum)}};
    all["head_line"] = {sizeof(head_line),
                        {HOLDFAST_FIELD(head_line, word), HOLDFAST_FIELD(head_line, reserved)}};
    all["heads"] = {sizeof(heads),
                    {HOLDFAST_FIELD(heads, visible), HOLDFAST_FIELD(heads, applied),
                     HOLDFAST_FIELD(heads, durable), HOLDFAST_FIELD(heads, candidate)}};
    all["commit_slot"] = {sizeof(commit_slot),
                          {HOLDFAST_FIELD(commit_slot, checksum), HOLDFAST_FIELD(commit_slot, txn),
                           HOLDFAST_FIELD(commit_slot, end_bytes), HOLDFAST_FIELD(commit_slot, time_ns),
                           HOLDFAST_FIELD(commit_slot, next_map_id),
                           HOLDFAST_FIELD(commit_slot, direct_count), HOLDFAST_FIELD(commit_slot, log_blocks),
                           HOLDFAST_FIELD(commit_slot, log_block), HOLDFAST_FIELD(commit_slot, sequence),
                           HOLDFAST_FIELD(commit_slot, log_end), HOLDFAST_FIELD(commit_slot, unnamed),
                           HOLDFAST_FIELD(commit_slot, catalogue), HOLDFAST_FIELD(commit_slot, system),
                           HOLDFAST_FIELD(commit_slot, direct)}};
    all["map_root"] = {sizeof(map_root),
                       {HOLDFAST_FIELD(map_root, root), HOLDFAST_FIELD(map_root, digest),
                        HOLDFAST_FIELD(map_root, entries), HOLDFAST_FIELD(map_root, bytes),
                        HOLDFAST_FIELD(map_root, made), HOLDFAST_FIELD(map_root, id),
                        HOLDFAST_FIELD(map_root, level), HOLDFAST_FIELD(map_root, key_type),
                        HOLDFAST_FIELD(map_root, direct), HOLDFAST_FIELD(map_root, reserved),
                        HOLDFAST_FIELD(map_root, key_parts), HOLDFAST_FIELD(map_root, reserved_word)}};
    all["raw_header"] = {
        sizeof(detail::raw_header),
        {HOLDFAST_FIELD(detail::raw_header, object_bytes), HOLDFAST_FIELD(detail::raw_header, version),
         HOLDFAST_FIELD(detail::raw_header, alignment), HOLDFAST_FIELD(detail::raw_header, name_bytes)}};
    all["durable_slot"] = {
        sizeof(durable_slot),
        {HOLDFAST_FIELD(durable_slot, magic), HOLDFAST_FIELD(durable_slot, sequence),
         HOLDFAST_FIELD(durable_slot, clean), HOLDFAST_FIELD(durable_slot, root_guarded),
         HOLDFAST_FIELD(durable_slot, version_limit), HOLDFAST_FIELD(durable_slot, header_sum),
         HOLDFAST_FIELD(durable_slot, incarnation), HOLDFAST_FIELD(durable_slot, history),
         HOLDFAST_FIELD(durable_slot, reserved), HOLDFAST_FIELD(durable_slot, commit),
         HOLDFAST_FIELD(durable_slot, reserved_words), HOLDFAST_FIELD(durable_slot, checksum)}};
    all["lock_stamp"] = {sizeof(lock_stamp),
                         {HOLDFAST_FIELD(lock_stamp, boot_id), HOLDFAST_FIELD(lock_stamp, incarnation),
                          HOLDFAST_FIELD(lock_stamp, device), HOLDFAST_FIELD(lock_stamp, inode),
                          HOLDFAST_FIELD(lock_stamp, lock_layout), HOLDFAST_FIELD(lock_stamp, reserved)}};
    all["lock_line"] = {sizeof(lock_line),
                        {HOLDFAST_FIELD(lock_line, word), HOLDFAST_FIELD(lock_line, reserved)}};
    all["control_header"] = {
        sizeof(control_header),
        {HOLDFAST_FIELD(control_header, stamp),         HOLDFAST_FIELD(control_header, writer),
         HOLDFAST_FIELD(control_header, sync),          HOLDFAST_FIELD(control_header, durable),
         HOLDFAST_FIELD(control_header, log),           HOLDFAST_FIELD(control_header, changes),
         HOLDFAST_FIELD(control_header, generations),   HOLDFAST_FIELD(control_header, recoveries),
         HOLDFAST_FIELD(control_header, lines_used),    HOLDFAST_FIELD(control_header, lines_allocated),
         HOLDFAST_FIELD(control_header, dirty),         HOLDFAST_FIELD(control_header, failed_sync),
         HOLDFAST_FIELD(control_header, fenced),        HOLDFAST_FIELD(control_header, version_limit),
         HOLDFAST_FIELD(control_header, version_floor), HOLDFAST_FIELD(control_header, logging),
         HOLDFAST_FIELD(control_header, log_gap),       HOLDFAST_FIELD(control_header, log_tail),
         HOLDFAST_FIELD(control_header, log_flushed),   HOLDFAST_FIELD(control_header, synced_ns),
         HOLDFAST_FIELD(control_header, failed_syncs),  HOLDFAST_FIELD(control_header, slot_on_medium)}};
    all["log_record"] = {sizeof(log_record),
                         {HOLDFAST_FIELD(log_record, checksum), HOLDFAST_FIELD(log_record, position),
                          HOLDFAST_FIELD(log_record, txn), HOLDFAST_FIELD(log_record, previous),
                          HOLDFAST_FIELD(log_record, time_ns), HOLDFAST_FIELD(log_record, bytes)}};
    all["log_operation"] = {sizeof(log_operation),
                            {HOLDFAST_FIELD(log_operation, action), HOLDFAST_FIELD(log_operation, value_type),
                             HOLDFAST_FIELD(log_operation, aligned), HOLDFAST_FIELD(log_operation, reserved),
                             HOLDFAST_FIELD(log_operation, map), HOLDFAST_FIELD(log_operation, key_bytes),
                             HOLDFAST_FIELD(log_operation, value_bytes)}};
    all["log_map"] = {sizeof(log_map),
                      {HOLDFAST_FIELD(log_map, id), HOLDFAST_FIELD(log_map, key_type),
                       HOLDFAST_FIELD(log_map, reserved), HOLDFAST_FIELD(log_map, key_parts)}};
    all["attachment_line"] = {
        sizeof(attachment_line),
        {HOLDFAST_FIELD(attachment_line, claim), HOLDFAST_FIELD(attachment_line, pin),
         HOLDFAST_FIELD(attachment_line, since_ns), HOLDFAST_FIELD(attachment_line, pid),
         HOLDFAST_FIELD(attachment_line, pid_space), HOLDFAST_FIELD(attachment_line, generation),
         HOLDFAST_FIELD(attachment_line, reserved)}};
    all["heap_header"] = {
        sizeof(heap_header),
        {HOLDFAST_FIELD(heap_header, magic), HOLDFAST_FIELD(heap_header, end_blocks),
         HOLDFAST_FIELD(heap_header, free_blocks), HOLDFAST_FIELD(heap_header, held_back_bytes),
         HOLDFAST_FIELD(heap_header, front_retired), HOLDFAST_FIELD(heap_header, reserve_block),
         HOLDFAST_FIELD(heap_header, parked_bytes), HOLDFAST_FIELD(heap_header, parks),
         HOLDFAST_FIELD(heap_header, retired), HOLDFAST_FIELD(heap_header, partial),
         HOLDFAST_FIELD(heap_header, bins), HOLDFAST_FIELD(heap_header, header_check),
         HOLDFAST_FIELD(heap_header, directory_check)}};
    all["block_descriptor"] = {
        sizeof(block_descriptor),
        {HOLDFAST_FIELD(block_descriptor, state), HOLDFAST_FIELD(block_descriptor, size_class),
         HOLDFAST_FIELD(block_descriptor, owner), HOLDFAST_FIELD(block_descriptor, reserved),
         HOLDFAST_FIELD(block_descriptor, free), HOLDFAST_FIELD(block_descriptor, check),
         HOLDFAST_FIELD(block_descriptor, next), HOLDFAST_FIELD(block_descriptor, previous),
         HOLDFAST_FIELD(block_descriptor, used)}};
    all["list_entry"] = {sizeof(list_entry),
                         {HOLDFAST_FIELD(list_entry, tagged), HOLDFAST_FIELD(list_entry, word)}};
    all["list_chunk"] = {sizeof(list_chunk),
                         {HOLDFAST_FIELD(list_chunk, next), HOLDFAST_FIELD(list_chunk, check),
                          HOLDFAST_FIELD(list_chunk, entries)}};
    all["entry_list"] = {sizeof(entry_list),
                         {HOLDFAST_FIELD(entry_list, front), HOLDFAST_FIELD(entry_list, back),
                          HOLDFAST_FIELD(entry_list, front_index), HOLDFAST_FIELD(entry_list, back_index),
                          HOLDFAST_FIELD(entry_list, entries)}};
    all["park"] = {sizeof(park),
                   {HOLDFAST_FIELD(park, next), HOLDFAST_FIELD(park, pin), HOLDFAST_FIELD(park, list),
                    HOLDFAST_FIELD(park, check)}};
    all["undo_log"] = {sizeof(undo_log),
                       {HOLDFAST_FIELD(undo_log, txn), HOLDFAST_FIELD(undo_log, tail),
                        HOLDFAST_FIELD(undo_log, chunks), HOLDFAST_FIELD(undo_log, reserved),
                        HOLDFAST_FIELD(undo_log, first)}};
    all["undo_entry"] = {sizeof(undo_entry),
                         {HOLDFAST_FIELD(undo_entry, tagged), HOLDFAST_FIELD(undo_entry, old)}};
    all["node_header"] = {sizeof(node_header),
                          {HOLDFAST_FIELD(node_header, made), HOLDFAST_FIELD(node_header, digest),
                           HOLDFAST_FIELD(node_header, count), HOLDFAST_FIELD(node_header, level),
                           HOLDFAST_FIELD(node_header, reserved_byte),
                           HOLDFAST_FIELD(node_header, prefix_size),
                           HOLDFAST_FIELD(node_header, reserved_half), HOLDFAST_FIELD(node_header, map),
                           HOLDFAST_FIELD(node_header, reserved)}};
    all["leaf_node"] = {sizeof(leaf_node),
                        {HOLDFAST_FIELD(leaf_node, header), HOLDFAST_FIELD(leaf_node, slices),
                         HOLDFAST_FIELD(leaf_node, records.low), HOLDFAST_FIELD(leaf_node, records.high),
                         HOLDFAST_FIELD(leaf_node, records.tags), HOLDFAST_FIELD(leaf_node, reserved)}};
    all["inner_node"] = {sizeof(inner_node),
                         {HOLDFAST_FIELD(inner_node, header), HOLDFAST_FIELD(inner_node, prefix),
                          HOLDFAST_FIELD(inner_node, slices), HOLDFAST_FIELD(inner_node, separators.low),
                          HOLDFAST_FIELD(inner_node, separators.high),
                          HOLDFAST_FIELD(inner_node, children.low),
                          HOLDFAST_FIELD(inner_node, children.high)}};
    all["record_header"] = {sizeof(record_header),
                            {HOLDFAST_FIELD(record_header, made_low),
                             HOLDFAST_FIELD(record_header, made_high), HOLDFAST_FIELD(record_header, type),
                             HOLDFAST_FIELD(record_header, flags), HOLDFAST_FIELD(record_header, checksum),
                             HOLDFAST_FIELD(record_header, key_size),
                             HOLDFAST_FIELD(record_header, value_size)}};
    all["separator_header"] = {
        sizeof(separator_header),
        {HOLDFAST_FIELD(separator_header, made_low), HOLDFAST_FIELD(separator_header, made_high),
         HOLDFAST_FIELD(separator_header, size), HOLDFAST_FIELD(separator_header, checksum)}};
    return all;
}

#undef HOLDFAST_FIELD

[[nodiscard]] static std::string quoted(const std::array<char, 8>& magic) {
    std::string text = "\"";
    text.append(magic.data(), magic.size());
    return text + "\"";
}

#define HOLDFAST_NUMBER(name)                                                                                \
    { #name, std::to_string(static_cast <std::uint64_t>(name)) }
#define HOLDFAST_MAGIC(name)                                                                                 \
    { #name, quoted(name) }

std::map<std::string, std::string> compiled_constants() {
    std::string sizes;
    for (const std::uint16_t size : slab_sizes) {
        if (!sizes.empty()) {
            sizes += ' ';
        }
        sizes += std::to_string(size);
    }
    return {
        HOLDFAST_NUMBER(superblock_offset),
        HOLDFAST_NUMBER(heap_header_offset),
        HOLDFAST_NUMBER(heads_offset),
        HOLDFAST_NUMBER(directory_offset),
        HOLDFAST_NUMBER(undo_log_offset),
        HOLDFAST_NUMBER(commit_slots_offset),
        HOLDFAST_NUMBER(durable_slot_a_offset),
        HOLDFAST_NUMBER(durable_slot_b_offset),
        HOLDFAST_NUMBER(superblock_copy_offset),
        HOLDFAST_NUMBER(control_offset),
        HOLDFAST_NUMBER(control_step_bytes),
        HOLDFAST_NUMBER(attachments_offset),
        HOLDFAST_NUMBER(heap_offset),
        HOLDFAST_NUMBER(block_bytes),
        HOLDFAST_NUMBER(heap_first_block),
        HOLDFAST_NUMBER(file_bytes_max),
        HOLDFAST_NUMBER(log_position_max),
        HOLDFAST_NUMBER(log_blocks_min),
        HOLDFAST_NUMBER(log_blocks_max),
        HOLDFAST_MAGIC(superblock_magic),
        HOLDFAST_NUMBER(format_version),
        HOLDFAST_NUMBER(endianness_mark),
        HOLDFAST_NUMBER(features_required_known),
        HOLDFAST_NUMBER(features_ignorable_known),
        HOLDFAST_MAGIC(durable_magic),
        HOLDFAST_NUMBER(line_kind::free),
        HOLDFAST_NUMBER(line_kind::process),
        HOLDFAST_NUMBER(line_kind::slot),
        HOLDFAST_NUMBER(attachment_lines_max),
        HOLDFAST_NUMBER(lock_byte::gate),
        HOLDFAST_NUMBER(lock_byte::read_only),
        HOLDFAST_NUMBER(lock_byte::process),
        HOLDFAST_NUMBER(lock_byte::pin),
        HOLDFAST_MAGIC(heap_magic),
        HOLDFAST_NUMBER(blocks_per_table),
        HOLDFAST_NUMBER(blocks_of_table),
        HOLDFAST_NUMBER(directory_fanout_root),
        HOLDFAST_NUMBER(directory_fanout_leaf),
        HOLDFAST_NUMBER(run_bins),
        HOLDFAST_NUMBER(slab_classes),
        {"slab_sizes", sizes},
        HOLDFAST_NUMBER(block_state::none),
        HOLDFAST_NUMBER(block_state::free_run),
        HOLDFAST_NUMBER(block_state::slab),
        HOLDFAST_NUMBER(block_state::run),
        HOLDFAST_NUMBER(block_state::table),
        HOLDFAST_NUMBER(block_state::punched_run),
        HOLDFAST_NUMBER(block_state::run_tail),
        HOLDFAST_NUMBER(block_owner::none),
        HOLDFAST_NUMBER(block_owner::tree),
        HOLDFAST_NUMBER(block_owner::log),
        HOLDFAST_NUMBER(block_owner::arena),
        HOLDFAST_NUMBER(entry_kind::object),
        HOLDFAST_NUMBER(entry_kind::marker),
        HOLDFAST_NUMBER(entry_kind::freed),
        HOLDFAST_NUMBER(list_chunk::capacity),
        HOLDFAST_NUMBER(undo_log::first_capacity),
        HOLDFAST_NUMBER(undo_log::chunks_max),
        HOLDFAST_NUMBER(commit_slot::direct_max),
        HOLDFAST_NUMBER(leaf_node::capacity),
        HOLDFAST_NUMBER(inner_node::capacity),
        HOLDFAST_NUMBER(inner_node::prefix_inline),
        HOLDFAST_NUMBER(level_max),
        HOLDFAST_NUMBER(key_bytes_max),
        HOLDFAST_NUMBER(value_bytes_max),
        HOLDFAST_NUMBER(record_flag::expires),
        HOLDFAST_NUMBER(record_flag::large),
        HOLDFAST_NUMBER(record_flag::aligned),
        HOLDFAST_NUMBER(small_value_bytes_max),
        HOLDFAST_NUMBER(aligned_value_bytes),
        HOLDFAST_NUMBER(value_alignment),
        HOLDFAST_NUMBER(raw_alignment),
        HOLDFAST_NUMBER(value_type::null),
        HOLDFAST_NUMBER(value_type::boolean),
        HOLDFAST_NUMBER(value_type::int64),
        HOLDFAST_NUMBER(value_type::uint64),
        HOLDFAST_NUMBER(value_type::float64),
        HOLDFAST_NUMBER(value_type::string),
        HOLDFAST_NUMBER(value_type::bytes),
        HOLDFAST_NUMBER(value_type::document),
        HOLDFAST_NUMBER(value_type::raw),
        HOLDFAST_NUMBER(value_type::map),
        HOLDFAST_NUMBER(value_type::object),
    };
}

} // namespace holdfast::test
