// SPDX-License-Identifier: Apache-2.0
// AppendFile: a file of fixed size that lines are appended to by copying them into a shared mapping. That costs no
// system call, and what was copied survives the end of the process, however it ends; `sync` makes it survive the end of
// the machine too. The rest of the file is zero bytes until `close` cuts it off. Not thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gateway/base/result.h"

namespace gatehouse::store {

class AppendFile {
  public:
    /// A new file, its whole size reserved on the disk. Faults: unavailable when the disk has no room for it.
    static Result<AppendFile> create(const std::string& path, std::size_t size);
    AppendFile(AppendFile&& other) noexcept;
    AppendFile& operator=(AppendFile&& other) noexcept;
    ~AppendFile();

    /// False when it does not fit any more.
    bool append(std::string_view bytes);
    std::size_t size() const { return used_; }
    const std::string& path() const { return path_; }
    /// The open descriptor, for syncing it from another thread with sync_descriptor.
    int descriptor() const { return descriptor_; }
    /// Writes it out and cuts off what is not used. Safe to call twice.
    void close();

  private:
    AppendFile(std::string path, int descriptor, char* bytes, std::size_t capacity)
        : path_(std::move(path)), descriptor_(descriptor), bytes_(bytes), capacity_(capacity) {}

    std::string path_;
    int descriptor_ = -1;
    char* bytes_ = nullptr;
    std::size_t capacity_ = 0;
    std::size_t used_ = 0;
};

/// fdatasync, which covers what was written through a mapping.
void sync_descriptor(int descriptor);

}  // namespace gatehouse::store
