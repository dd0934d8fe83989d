// The error category and exception of <holdfast/error.hpp>.
#include <holdfast/error.hpp>

#include <optional>

namespace holdfast {

namespace {

class category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "holdfast"; }

    [[nodiscard]] std::string message(int code) const override {
        switch (static_cast<errc>(code)) {
        case errc::not_found:
            return "not found";
        case errc::wrong_type:
            return "wrong type";
        case errc::out_of_range:
            return "out of range";
        case errc::invalid_argument:
            return "invalid argument";
        case errc::no_space:
            return "no space";
        case errc::corrupt:
            return "corrupt";
        case errc::not_a_store:
            return "not a Holdfast store";
        case errc::newer_format:
            return "made by a newer Holdfast";
        case errc::timed_out:
            return "timed out";
        case errc::permission:
            return "permission denied";
        case errc::io_error:
            return "input/output error";
        case errc::condition_not_met:
            return "condition not met";
        case errc::nested_write:
            return "nested write transaction";
        case errc::forked:
            return "handle inherited through fork";
        case errc::address_space:
            return "address space exhausted";
        case errc::read_only:
            return "opened for reading only";
        case errc::unsupported:
            return "not supported here";
        case errc::transaction_failed:
            return "transaction failed earlier";
        case errc::transaction_ended:
            return "transaction has ended";
        case errc::moved_from:
            return "handle was moved from";
        case errc::closed:
            return "store was closed";
        case errc::stale_iterator:
            return "stale iterator";
        case errc::cancelled:
            return "cancelled";
        }
        return "unknown error";
    }

    [[nodiscard]] std::error_condition default_error_condition(int code) const noexcept override {
        const std::optional<std::errc> same = counterpart(static_cast<errc>(code));
        return same ? std::make_error_condition(*same) : std::error_condition(code, *this);
    }

private:
    [[nodiscard]] static std::optional<std::errc> counterpart(errc code) noexcept {
        switch (code) {
        case errc::not_found:
            return std::errc::no_such_file_or_directory;
        case errc::out_of_range:
            return std::errc::result_out_of_range;
        case errc::invalid_argument:
            return std::errc::invalid_argument;
        case errc::no_space:
            return std::errc::no_space_on_device;
        case errc::timed_out:
            return std::errc::timed_out;
        case errc::permission:
            return std::errc::permission_denied;
        case errc::io_error:
            return std::errc::io_error;
        case errc::nested_write:
            return std::errc::resource_deadlock_would_occur;
        case errc::address_space:
            return std::errc::not_enough_memory;
        case errc::read_only:
            return std::errc::read_only_file_system;
        case errc::unsupported:
            return std::errc::not_supported;
        case errc::closed:
            return std::errc::bad_file_descriptor;
        case errc::cancelled:
            return std::errc::operation_canceled;
        case errc::wrong_type:
        case errc::corrupt:
        case errc::not_a_store:
        case errc::newer_format:
        case errc::condition_not_met:
        case errc::forked:
        case errc::transaction_failed:
        case errc::transaction_ended:
        case errc::moved_from:
        case errc::stale_iterator:
            return std::nullopt;
        }
        return std::nullopt;
    }
};

} // namespace

const std::error_category& error_category() noexcept {
    static const category instance;
    return instance;
}

error::error(errc code, const std::string& message)
    : std::system_error(make_error_code(code)), line_(message) {}

error::~error() = default;

const char* error::what() const noexcept { return line_.what(); }

} // namespace holdfast
