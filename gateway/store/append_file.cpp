// SPDX-License-Identifier: Apache-2.0
#include "gateway/store/append_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace gatehouse::store {
namespace {

Error cannot(std::string_view what, const std::string& path, int error) {
    return Error::unavailable(Reason::store_unreachable, "the journal cannot be written",
                              std::string(what).append(" ").append(path).append(": ").append(std::strerror(error)));
}

}  // namespace

Result<AppendFile> AppendFile::create(const std::string& path, std::size_t size) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) return fail(cannot("cannot create", path, errno));
    // Reserved now, so that a full disk is an error here and not a signal at the first touch of a page.
    const int reserved = ::posix_fallocate(descriptor, 0, static_cast<off_t>(size));
    void* bytes = reserved != 0 ? MAP_FAILED : ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (bytes == MAP_FAILED) {
        const Error error = cannot("cannot reserve", path, reserved != 0 ? reserved : errno);
        ::close(descriptor);
        ::unlink(path.c_str());
        return fail(error);
    }
    return AppendFile(path, descriptor, static_cast<char*>(bytes), size);
}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      bytes_(std::exchange(other.bytes_, nullptr)),
      capacity_(other.capacity_),
      used_(other.used_) {}

AppendFile& AppendFile::operator=(AppendFile&& other) noexcept {
    if (this == &other) return *this;
    close();
    path_ = std::move(other.path_);
    descriptor_ = std::exchange(other.descriptor_, -1);
    bytes_ = std::exchange(other.bytes_, nullptr);
    capacity_ = other.capacity_;
    used_ = other.used_;
    return *this;
}

AppendFile::~AppendFile() {
    close();
}

bool AppendFile::append(std::string_view bytes) {
    if (bytes_ == nullptr || bytes.size() > capacity_ - used_) return false;
    std::memcpy(bytes_ + used_, bytes.data(), bytes.size());
    used_ += bytes.size();
    return true;
}

void AppendFile::close() {
    if (descriptor_ < 0) return;
    ::munmap(std::exchange(bytes_, nullptr), capacity_);
    // A tail of zeros is no harm: readers skip it.
    [[maybe_unused]] const int cut = ::ftruncate(descriptor_, static_cast<off_t>(used_));
    sync_descriptor(descriptor_);
    ::close(std::exchange(descriptor_, -1));
}

void sync_descriptor(int descriptor) {
    ::fdatasync(descriptor);
}

}  // namespace gatehouse::store
