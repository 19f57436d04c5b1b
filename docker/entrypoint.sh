#!/bin/sh
# Any user id may be given (WINDLASS_UID); Postgres wants one that has a name.
if ! whoami >/dev/null 2>&1 && [ -w /etc/passwd ]; then
  echo "windlass-user:x:$(id -u):0:windlass:/opt/windlass:/usr/sbin/nologin" >>/etc/passwd
fi
exec windlass "$@"
