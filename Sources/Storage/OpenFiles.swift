import Glibc

/// The files that this process has open.
package enum OpenFiles {
    /// Lets the process have as many files open as the system allows it: by default that is less than a model in
    /// many files takes. What the system refuses stays as it is.
    /// - Returns: how many files may be open now.
    @discardableResult
    package static func raiseLimit() -> Int {
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        // What POSIX guarantees, where the system does not say.
        guard unsafe getrlimit(kind, &limit) == 0 else { return 20 }
        let before = limit.rlim_cur
        guard before < limit.rlim_max else { return Int(clamping: before) }
        limit.rlim_cur = limit.rlim_max
        return Int(clamping: unsafe setrlimit(kind, &limit) == 0 ? limit.rlim_cur : before)
    }
}
