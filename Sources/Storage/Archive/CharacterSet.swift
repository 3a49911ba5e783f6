import Glibc

/// The character set that libarchive takes names to be in, which it asks of the calling thread's locale.
///
/// libarchive 3.6 converts names between the archive's UTF-8 and the locale's character set. In the "C"
/// locale, in which Knapsack runs, it cannot write a name outside of ASCII at all; and whenever it reads
/// UTF-8 into a UTF-8 locale, or is given a name by one of its `_utf8` functions, it changes the name to
/// Unicode's composed form (NFC), which is another file name. So every call is made under a locale that is
/// chosen here, for the calling thread and the time of the call alone: neither `LANG` nor `setlocale` in
/// the process changes what is written or read.
@safe final class CharacterSet {
    // SAFETY: made in init, freed in deinit, and in use only inside of `use`, which keeps this object alive.
    private let locale: locale_t

    private init?(named name: String) {
        guard let made = unsafe newlocale(1 << LC_CTYPE, name, nil) else { return nil }
        unsafe locale = made
    }

    deinit { unsafe freelocale(locale) }

    /// UTF-8: names are written as they are given, and anything that is not UTF-8 is an error.
    static func utf8() -> CharacterSet? { CharacterSet(named: "C.UTF-8") }

    /// ASCII: names that are read keep their bytes, after libarchive has warned of those outside of ASCII.
    static func ascii() -> CharacterSet? { CharacterSet(named: "C") }

    /// Runs `body` under the locale.
    func use<Result>(_ body: () -> Result) -> Result {
        let previous = unsafe uselocale(locale)
        defer { unsafe _ = uselocale(previous) }
        // libarchive takes a number that is left of another failure for its own: after `ENOMEM`, a name that is not text
        // would be a lack of memory.
        errno = 0
        return body()
    }
}
