import Glibc

/// The files that this process has open.
package enum OpenFiles {
    /// Lets the process have as many files open as the system allows it: by default that is less than a model in
    /// many files takes. What the system refuses stays as it is.
    package static func raiseLimit() {
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard unsafe getrlimit(kind, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(kind, &limit)
    }
}
