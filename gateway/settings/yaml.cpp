// SPDX-License-Identifier: Apache-2.0
// The only file that sees yaml-cpp: its events become a YamlNode tree. Events rather than its own tree, because that
// keeps the first of two equal keys silently and forgets that an alias was one.
#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <deque>
#include <istream>
#include <sstream>

#include "gateway/settings/node.h"

namespace gatehouse::settings {
namespace {

int line_at(const YAML::Mark& mark) {
    return mark.line + 1;
}

class TreeBuilder final : public YAML::EventHandler {
  public:
    TreeBuilder(YamlNode& root, Problems& problems) : problems_(problems) { stack_.push_back({.node = &root}); }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        check(mark, anchor, {});
        put({.kind = YamlNode::Kind::null, .line = line_at(mark)});
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        problems_.add(line_at(mark), path(), "aliases (*name) are not supported: write the value out");
        put({.kind = YamlNode::Kind::null, .line = line_at(mark), .broken = true});
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        check(mark, anchor, tag);
        if (awaits_key()) return take_key(mark, value);
        put({.kind = YamlNode::Kind::scalar, .line = line_at(mark), .text = value, .quoted = tag == "!"});
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        check(mark, anchor, tag);
        open({.kind = YamlNode::Kind::sequence, .line = line_at(mark)});
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        check(mark, anchor, tag);
        open({.kind = YamlNode::Kind::mapping, .line = line_at(mark)});
    }
    void OnMapEnd() override { close(); }

  private:
    /// One collection that is being filled. The root's frame has the whole document as its only child.
    struct Frame {
        YamlNode* node = nullptr;
        std::string key;       ///< of a mapping: whose value comes next
        int key_line = 0;      ///< 0: a key comes next
        bool discard = false;  ///< the value that comes next belongs to a key that was refused
        std::string path;
    };

    bool awaits_key() const { return stack_.back().node->is_mapping() && stack_.back().key_line == 0; }

    /// The path of the value that comes next.
    std::string path() const {
        const Frame& frame = stack_.back();
        if (frame.node->is_mapping()) return frame.key_line == 0 ? frame.path : path_of(frame.path, frame.key);
        if (frame.node->is_sequence()) return path_of(frame.path, frame.node->items.size());
        return frame.path;
    }

    void check(const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& tag) {
        if (anchor != YAML::NullAnchor)
            problems_.add(line_at(mark), path(), "anchors (&name) are not supported: write the value out");
        if (!tag.empty() && tag != "?" && tag != "!")
            problems_.add(line_at(mark), path(), "tags (!name) are not supported");
    }

    void take_key(const YAML::Mark& mark, const std::string& key) {
        Frame& frame = stack_.back();
        frame.key = key;
        frame.key_line = line_at(mark);
        const YamlNode* earlier = frame.node->find(key);
        frame.discard = earlier != nullptr;
        if (earlier != nullptr)
            problems_.add(frame.key_line, path(), "is given twice, first in line " + std::to_string(earlier->line));
    }

    /// Files the node under its parent and says where it is now.
    YamlNode* put(YamlNode node) {
        Frame& frame = stack_.back();
        if (frame.node->is_sequence()) return &frame.node->items.emplace_back(std::move(node));
        if (!frame.node->is_mapping()) {
            *frame.node = std::move(node);
            return frame.node;
        }
        if (frame.key_line == 0) {  // a list or mapping as a key
            problems_.add(node.line, frame.path, "keys must be plain text");
            frame.key_line = node.line;
            frame.discard = true;
            return &discarded_.emplace_back(std::move(node));
        }
        node.line = frame.key_line;
        frame.key_line = 0;
        if (frame.discard) return &discarded_.emplace_back(std::move(node));
        return &frame.node->members.emplace_back(frame.key, std::move(node)).value;
    }

    void open(YamlNode node) {
        std::string here = path();
        YamlNode* place = put(std::move(node));
        stack_.push_back({.node = place, .path = std::move(here)});
    }

    void close() { stack_.pop_back(); }

    Problems& problems_;
    std::vector<Frame> stack_;
    std::deque<YamlNode> discarded_;  ///< what refused keys led to; the stack points into it
};

}  // namespace

YamlNode parse_yaml(std::string_view text, Problems& problems) {
    YamlNode root;
    // yaml-cpp takes the end of the file for the end of a quoted string, but not a document's end marker.
    std::istringstream stream{std::string(text) + "\n...\n"};
    try {
        YAML::Parser parser(stream);
        TreeBuilder builder(root, problems);
        parser.HandleNextDocument(builder);
        YamlNode other;
        TreeBuilder rest(other, problems);
        if (parser.HandleNextDocument(rest)) problems.add(other.line, "", "the file must hold one YAML document only");
    } catch (const YAML::Exception& error) {
        // Its own messages are fixed sentences; the values of the file are not in them.
        const bool open_quote = error.msg == YAML::ErrorMsg::DOC_IN_SCALAR;
        const int last = static_cast<int>(std::ranges::count(text, '\n')) + (text.ends_with('\n') ? 0 : 1);
        const int line = error.mark.is_null() ? 0 : std::min(error.mark.line + 1, last);
        problems.add(line, "", "is not valid YAML: " + (open_quote ? "a quoted string has no end" : error.msg));
        root = {};
    }
    return root;
}

}  // namespace gatehouse::settings
