// What a place in the shipped sources is called in a table: its label, what is done to what, and in which function. Taken from
// the text around it, so that it stays the same when lines move.
#pragma once

#include <cctype>
#include <cstddef>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "mutation.hpp"

namespace filch::model {

/// The lines of a source file, which must be found under its name or under the root of the sources.
inline const std::vector<std::string>& lines_of(const std::string& file) {
  static std::map<std::string, std::vector<std::string>> known;
  auto& lines = known[file];
  if (!lines.empty()) return lines;
  std::ifstream in(file.front() == '/' ? file : std::string(FILCH_SOURCE_ROOT "/") + file);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  lines.emplace_back();
  return lines;
}

/// The label at the beginning of a comment, "[D4]", or nothing.
inline std::string label_in(std::string_view line) {
  const std::size_t begin = line.find("// [");
  if (begin == line.npos) return {};
  const std::size_t end = line.find(']', begin);
  const std::string_view label = line.substr(begin + 3, end - begin - 2);
  const bool is_one = end != line.npos && label.size() > 3 && std::isupper(label[1]) != 0 && std::isdigit(label[2]) != 0;
  return is_one ? std::string(label) : std::string();
}

/// On the line itself, or first in the comment before it, a few statements apart at most.
inline std::string label_of(const site& named) {
  const auto& lines = lines_of(named.where.file_name());
  const std::size_t own = named.where.line() - 1;
  if (own >= lines.size()) return {};
  if (auto label = label_in(lines[own]); !label.empty()) return label;
  if (own + 1 < lines.size() && lines[own].find(';') == std::string::npos)
    if (auto label = label_in(lines[own + 1]); !label.empty()) return label;
  std::string nearest;
  bool in_comment = false;
  for (std::size_t n = own; n-- != 0 && own - n < 12;) {
    const std::size_t first = lines[n].find_first_not_of(' ');
    if (first == std::string::npos) break;
    const bool is_comment = lines[n].compare(first, 2, "//") == 0;
    if (in_comment && !is_comment) break;
    in_comment = is_comment;
    if (is_comment)
      if (auto label = label_in(lines[n]); !label.empty()) nearest = label;
  }
  return nearest;
}

/// The name of the atomic before the operation, "bottom_".
inline std::string object_of(const site& named) {
  const auto& lines = lines_of(named.where.file_name());
  const std::size_t own = named.where.line() - 1;
  if (own >= lines.size()) return {};
  const std::string call =
      named.operation == "compare-and-swap" ? "compare_exchange_strong(" : std::string(named.operation) + '(';
  std::size_t at = std::string::npos;  // the call that begins nearest to the column
  for (std::size_t next = lines[own].find(call); next != std::string::npos; next = lines[own].find(call, next + 1))
    if (at == std::string::npos || next <= named.where.column()) at = next;
  if (at == std::string::npos || at == 0 || lines[own][at - 1] != '.') return {};
  std::size_t begin = at - 1;
  const auto is_part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  if (lines[own][begin - 1] == ')') begin = lines[own].rfind('(', begin);
  while (begin != 0 && is_part(lines[own][begin - 1])) --begin;
  return lines[own].substr(begin, at - 1 - begin);
}

/// The last part of a function's name, without its class and parameters.
inline std::string function_of(const site& named) {
  std::string_view name = named.where.function_name();
  name = name.substr(0, name.find(" [with"));
  if (const std::size_t lambda = name.find("::<lambda"); lambda != name.npos) name = name.substr(0, lambda);
  int depth = 0;  // the parameters are in the last parentheses outside of angle brackets
  std::size_t end = name.npos;
  for (std::size_t i = 0; i != name.size(); ++i) {
    if (name[i] == '<') ++depth;
    if (name[i] == '>') --depth;
    if (name[i] == '(' && depth == 0) end = i;
  }
  name = name.substr(0, end);
  const std::size_t begin = name.find_last_of(": ");
  return std::string(name.substr(begin == name.npos ? 0 : begin + 1));
}

/// From the root of the sources.
inline std::string file_of(const site& named) {
  const std::string_view file = named.where.file_name();
  const std::size_t begin = file.find("include/filch/");
  return std::string(begin == file.npos ? file : file.substr(begin));
}

}  // namespace filch::model
