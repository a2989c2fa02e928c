# gateway.yaml → Settings. Level 4, but a library of its own so that its tests link nothing else.
gatehouse_library(settings
  SOURCES settings.cpp settings/admin.cpp settings/document.cpp settings/expand.cpp settings/listen.cpp settings/managed.cpp
          settings/node.cpp settings/notifications.cpp settings/price_file.cpp settings/pricing.cpp settings/section.cpp settings/sign_in.cpp settings/store.cpp settings/telemetry.cpp
          settings/upstreams.cpp settings/yaml.cpp
  DEPENDS base http net policy
  LINKS yaml-cpp)
