import Formats

/// Times as Kaggle and its clients write them (RFC 3339).
enum KaggleTime {
    /// The seconds since 1970 of "2026-11-29T21:34:42.123Z" or with "+00:00" at the end, without fractions; one without
    /// a zone is taken for UTC. `nil` for every other text.
    static func seconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 19, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: "T") || bytes[10] == 0x20, bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":")
        else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            Digits.value(String(decoding: bytes[range], as: UTF8.self)).map(Int64.init)
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        var rest = bytes[19...]
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst().drop { (0x30...0x39).contains($0) }
        }
        var offset: Int64 = 0
        if rest.count == 6, let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
            let start = rest.startIndex
            guard let hours = number(start + 1..<start + 3), let minutes = number(start + 4..<start + 6)
            else {
                return nil
            }
            offset = (hours * 60 + minutes) * (sign == UInt8(ascii: "-") ? -60 : 60)
        } else if !rest.isEmpty, Array(rest) != [UInt8(ascii: "Z")] {
            return nil
        }
        return days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
    }

    /// The time as Python's `datetime.isoformat` writes it in UTC: "2026-11-29T21:34:42.123000+00:00".
    /// - Parameter nanoseconds: since 1970.
    static func text(nanoseconds: Int64) -> String {
        let (seconds, fraction) = floor(nanoseconds, 1_000_000_000)
        let (days, rest) = floor(seconds, 86_400)
        let (year, month, day) = date(days)
        func digits(_ value: Int64, _ count: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
        }
        let clock = [rest / 3600, rest / 60 % 60, rest % 60].map { digits($0, 2) }.joined(separator: ":")
        return
            "\(digits(year, 4))-\(digits(month, 2))-\(digits(day, 2))T\(clock).\(digits(fraction / 1000, 6))+00:00"
    }

    /// The quotient, rounded down, and the rest, which is not negative.
    private static func floor(_ value: Int64, _ divisor: Int64) -> (Int64, Int64) {
        let rest = (value % divisor + divisor) % divisor
        return ((value - rest) / divisor, rest)
    }

    /// The date of a day since 1970-01-01, the other way round than ``days(_:_:_:)``.
    private static func date(_ number: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, day) = floor(number + 719_468, 146_097)
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
        let rest = day - (365 * year + year / 4 - year / 100)
        let month = (5 * rest + 2) / 153
        let isNext = month >= 10
        return (
            era * 400 + year + (isNext ? 1 : 0), isNext ? month - 9 : month + 3,
            rest - (153 * month + 2) / 5 + 1
        )
    }

    /// Days since 1970-01-01 in the Gregorian calendar, whose year is taken to begin in March.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month > 2 ? year : year - 1
        let months = (month + 9) % 12
        return 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + (153 * months + 2) / 5 + day - 1
            - 719_468
    }
}
