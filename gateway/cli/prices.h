// SPDX-License-Identifier: Apache-2.0
// What `gatehouse prices` prints: a price book as a table for people, or as JSON whose `list` is a file that
// `pricing.file` takes. Every figure is exact. main.cpp finds the book; nothing is read or written here.
#pragma once

#include <string>

#include "policy/price.h"

namespace gatehouse::cli {

std::string prices_table(const policy::PriceBook& book);
std::string prices_json(const policy::PriceBook& book);

}  // namespace gatehouse::cli
