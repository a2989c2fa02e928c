// SPDX-License-Identifier: Apache-2.0
// Compiles Boost.Asio's non-template code once for the whole program (BOOST_ASIO_SEPARATE_COMPILATION).
#include <boost/asio/impl/src.hpp>
