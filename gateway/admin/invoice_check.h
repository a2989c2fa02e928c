// SPDX-License-Identifier: Apache-2.0
// The invoice check: the provider's figures beside ours, by day and model. `compare` is pure; the route reads ours,
// compares and keeps nothing.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "gateway/admin/gate.h"
#include "gateway/admin/invoice.h"
#include "gateway/base/blocking.h"
#include "gateway/http/router.h"
#include "policy/report.h"
#include "policy/rollups.h"

namespace gatehouse::admin {

/// One day and model that both sides know.
struct MatchedCost {
    Instant day;
    std::string model;
    Decimal theirs;
    Decimal ours;
};

struct Comparison {
    std::vector<MatchedCost> matched;
    std::vector<InvoiceRow>
        only_theirs;  ///< about no model, or a day and model that we have nothing of; summed by words
    std::vector<MatchedCost> only_ours;
    Decimal theirs;
    Decimal ours;
};

/// `ours` may hold more days than the invoice is about; those are left out.
Comparison compare(const Invoice& invoice, const std::vector<policy::Fact>& ours);
boost::json::object to_json(const Invoice& invoice, const Comparison& comparison);

/// References outlive the route.
struct InvoiceCheckParts {
    Gate& gate;
    policy::Rollups& rollups;
    BlockingPool& pool;
};

class InvoiceCheckRoute {
  public:
    explicit InvoiceCheckRoute(InvoiceCheckParts parts) : parts_(parts) {}
    InvoiceCheckRoute(const InvoiceCheckRoute&) = delete;
    InvoiceCheckRoute& operator=(const InvoiceCheckRoute&) = delete;

    /// Adds the route. The router keeps a reference to this.
    void mount(http::Router& router);

  private:
    Task<> handle(http::Request& request, http::BodyReader& body, http::Responder& client);

    InvoiceCheckParts parts_;
};

}  // namespace gatehouse::admin
