# The sign-in flows and their pages; included by CMakeLists.txt. Mustache is header-only and stays in pages.cpp.
set(AUTH_SIGN_IN_SOURCES access.cpp attempt.cpp audit.cpp device.cpp key_owner.cpp keys.cpp login.cpp metadata.cpp oauth_error.cpp pace.cpp
                         pages.cpp paused_work.cpp refresh.cpp refresh_token.cpp session.cpp sign_in.cpp token.cpp)
