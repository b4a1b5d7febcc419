# The tests of stores, on PostgreSQL.
. "$(dirname "$0")/../lib/tap.sh"
. "$TAP_ROOT/tests/lib/postgres.sh"
trap 'postgres_cleanup; tap_cleanup' EXIT


postgres_start || exit 1
export UPDRAFT_TEST_DATABASE=$POSTGRES_URL

the_store_holds() { "$NATIVE/tests/server/test_store"; }
the_audit_log_holds() { "$NATIVE/tests/server/test_audit"; }
nodes_share_it() { "$NATIVE/tests/server/test_nodes"; }
accounts_hold() { "$NATIVE/tests/server/test_accounts"; }
firmware_files_hold() { "$NATIVE/tests/server/test_depot"; }

check the_store_holds
check the_audit_log_holds
check nodes_share_it
check accounts_hold
check firmware_files_hold
tap_end
