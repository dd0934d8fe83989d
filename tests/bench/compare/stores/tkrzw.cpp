// tkrzw: its hash table and its tree, each in one process that writes. Batches are puts one after the other: there are
// no transactions of many keys.
#include <tkrzw_dbm_hash.h>
#include <tkrzw_dbm_tree.h>
#include <tkrzw_lib_common.h>

#include "stores/registry.hpp"

namespace compare {

namespace {

void expect_ok(const tkrzw::Status& status) {
    require(status == tkrzw::Status::SUCCESS, "tkrzw: " + tkrzw::ToString(status));
}

class tkrzw_session final : public session {
public:
    tkrzw_session(tkrzw::DBM& in, bool durable) : in_(&in), durable_(durable) {}

    void get(std::string_view key, std::size_t position, value_check& check) override {
        if (in_->Get(key, &value_) == tkrzw::Status::SUCCESS) {
            check.take(position, value_);
        }
    }
    void put(std::string_view key, std::string_view value) override {
        expect_ok(in_->Set(key, value));
        make_durable();
    }
    void put_batch(std::span<const key_value> batch) override {
        for (const key_value& each : batch) {
            expect_ok(in_->Set(each.key, each.value));
        }
        make_durable();
    }
    void erase(std::string_view key) override {
        expect_ok(in_->Remove(key));
        make_durable();
    }

    void scan(value_check& check) override {
        const auto at = in_->MakeIterator();
        for (expect_ok(at->First()); at->Get(&key_, &value_) == tkrzw::Status::SUCCESS; at->Next()) {
            check.meet(value_);
        }
    }
    void scan_prefix(std::string_view prefix, value_check& check) override {
        const auto at = in_->MakeIterator();
        for (expect_ok(at->Jump(prefix));
             at->Get(&key_, &value_) == tkrzw::Status::SUCCESS && key_.starts_with(prefix); at->Next()) {
            check.meet(value_);
        }
    }

private:
    void make_durable() {
        if (durable_) {
            expect_ok(in_->Synchronize(true));
        }
    }
    tkrzw::DBM* in_;
    bool durable_;
    std::string key_;
    std::string value_;
};

class tkrzw_store final : public store {
public:
    tkrzw_store(std::unique_ptr<tkrzw::DBM> in, access how)
        : in_(std::move(in)), durable_(how == access::durable) {}
    ~tkrzw_store() override { in_->Close(); }
    [[nodiscard]] std::unique_ptr<session> start_session() override {
        return std::make_unique<tkrzw_session>(*in_, durable_);
    }
    void sync() override { expect_ok(in_->Synchronize(true)); }

private:
    std::unique_ptr<tkrzw::DBM> in_;
    bool durable_;
};

[[nodiscard]] std::unique_ptr<tkrzw::DBM> open_hash(const std::filesystem::path& folder, const extent& size,
                                                    bool writable) {
    tkrzw::HashDBM::TuningParameters tuning;
    tuning.num_buckets = static_cast<std::int64_t>(size.entries);
    auto opened = std::make_unique<tkrzw::HashDBM>();
    expect_ok(
        opened->OpenAdvanced((folder / "compare.tkh").string(), writable, tkrzw::File::OPEN_DEFAULT, tuning));
    return opened;
}

[[nodiscard]] std::unique_ptr<tkrzw::DBM> open_tree(const std::filesystem::path& folder, bool writable) {
    auto opened = std::make_unique<tkrzw::TreeDBM>();
    expect_ok(opened->Open((folder / "compare.tkt").string(), writable));
    return opened;
}

class tkrzw_driver final : public driver {
public:
    explicit tkrzw_driver(bool is_tree) : is_tree_(is_tree) {}
    [[nodiscard]] std::string name() const override { return is_tree_ ? "tkrzw-tree" : "tkrzw-hash"; }
    [[nodiscard]] std::string version() const override { return tkrzw::PACKAGE_VERSION; }
    [[nodiscard]] abilities can() const override {
        // Not in reverse: in a tree that was opened again, iterators stopped at the beginning of a page.
        return {.ordered = is_tree_, .readers = true, .file = true, .sync = true};
    }
    [[nodiscard]] std::optional<write_mode> mode(bool durable) const override {
        if (durable) {
            return write_mode{survives::power_cut, "Synchronize(true) after each write"};
        }
        // The tree keeps its pages in the memory of the process.
        return is_tree_ ? write_mode{survives::nothing, "default; batches not atomic"}
                        : write_mode{survives::kill, "default; batches not atomic"};
    }
    [[nodiscard]] std::unique_ptr<store> open(const std::filesystem::path& folder, const extent& size,
                                              access how) const override {
        const bool writable = how != access::read_only;
        return std::make_unique<tkrzw_store>(
            is_tree_ ? open_tree(folder, writable) : open_hash(folder, size, writable), how);
    }

private:
    bool is_tree_;
};

} // namespace

void add_tkrzw(drivers& all) {
    all.push_back(std::make_unique<tkrzw_driver>(false));
    all.push_back(std::make_unique<tkrzw_driver>(true));
}

} // namespace compare
