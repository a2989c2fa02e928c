// SPDX-License-Identifier: Apache-2.0
#include "auth/credential_cache.h"

#include <utility>

namespace gatehouse::auth {

CachedCredential* CredentialCache::find(const std::string& digest) {
    const auto found = by_digest_.find(digest);
    if (found == by_digest_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &*found->second;
}

void CredentialCache::put(CachedCredential credential) {
    erase(credential.digest);
    entries_.push_front(std::move(credential));
    by_digest_.emplace(entries_.front().digest, entries_.begin());
    by_id_.emplace(entries_.front().identity->credential_id(), entries_.begin());
    if (entries_.size() > capacity_) drop(std::prev(entries_.end()));
}

void CredentialCache::erase(const std::string& digest) {
    const auto found = by_digest_.find(digest);
    if (found != by_digest_.end()) drop(found->second);
}

void CredentialCache::forget(std::string_view credential_id) {
    const std::string id(credential_id);
    for (auto found = by_id_.find(id); found != by_id_.end(); found = by_id_.find(id))
        drop(found->second);
}

void CredentialCache::clear() {
    by_digest_.clear();
    by_id_.clear();
    entries_.clear();
}

void CredentialCache::drop(Entries::iterator entry) {
    by_digest_.erase(entry->digest);
    const auto [first, last] = by_id_.equal_range(entry->identity->credential_id());
    for (auto link = first; link != last; ++link) {
        if (link->second != entry) continue;
        by_id_.erase(link);
        break;
    }
    entries_.erase(entry);
}

void Tombstones::bury(std::string_view credential_id, Instant now) {
    while (!in_order_.empty() && (in_order_.front().until <= now || in_order_.size() >= capacity_)) {
        const auto oldest = until_.find(in_order_.front().id);
        // Buried again since: the later grave keeps the entry.
        if (oldest != until_.end() && oldest->second == in_order_.front().until) until_.erase(oldest);
        in_order_.pop_front();
    }
    const Instant until = now + lifetime_;
    in_order_.push_back({std::string(credential_id), until});
    until_[in_order_.back().id] = until;
}

bool Tombstones::holds(const std::string& credential_id, Instant now) const {
    const auto found = until_.find(credential_id);
    return found != until_.end() && now < found->second;
}

}  // namespace gatehouse::auth
