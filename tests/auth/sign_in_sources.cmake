# The sign-in flows and pages; included by CMakeLists.txt.
set(TEST_AUTH_SIGN_IN_SOURCES access_test.cpp device_test.cpp keys_test.cpp login_test.cpp token_test.cpp)
