// libarchive, for reading and writing tar and zip archives.
#include <archive.h>
#include <archive_entry.h>
