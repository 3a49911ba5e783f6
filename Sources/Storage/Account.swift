import Glibc

/// What the machine knows of its users.
package enum Account {
    /// The home directory of a user, by name, or of the user that runs this process; `nil` where the
    /// machine does not know the user.
    package static func home(of name: String?) -> String? {
        // SAFETY: both calls return a record of static memory, or NULL; it is copied before any other call.
        let record = if let name { unsafe getpwnam(name) } else { unsafe getpwuid(getuid()) }
        guard let record = unsafe record, let directory = unsafe record.pointee.pw_dir else { return nil }
        return unsafe String(cString: directory)
    }
}
