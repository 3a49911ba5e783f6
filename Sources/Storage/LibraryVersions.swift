import CArchive
import CCrypto
import CSQLite
import CYAML

/// The C libraries that this process runs with.
package enum LibraryVersions {
    /// Their names and versions, sorted by name.
    package static var all: [(name: String, version: String)] {
        [
            ("libarchive", unsafe number(String(cString: archive_version_string()))),
            ("libyaml", unsafe String(cString: yaml_get_version_string())),
            ("OpenSSL", unsafe number(String(cString: OpenSSL_version(OPENSSL_VERSION_STRING)))),
            ("SQLite", unsafe String(cString: sqlite3_libversion())),
        ]
    }

    /// "3.6.2" of "libarchive 3.6.2".
    private static func number(_ text: String) -> String {
        String(text.split(separator: " ").last ?? Substring(text))
    }
}
