// SQLite, for the remembered digests.
#include <sqlite3.h>

// SQLITE_TRANSIENT is a cast that Swift does not import: SQLite copies the text before the call returns.
static inline int knapsack_bind_text(sqlite3_stmt *_Nonnull statement, int index, const char *_Nonnull text,
                                     int length) {
    return sqlite3_bind_text(statement, index, text, length, SQLITE_TRANSIENT);
}
