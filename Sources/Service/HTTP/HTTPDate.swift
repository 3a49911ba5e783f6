import Formats

/// Times as HTTP writes them: "Mon, 30 Nov 2026 08:00:00 GMT" (RFC 9110, 5.6.7).
package enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// - Parameter seconds: since 1970, not negative.
    static func text(_ seconds: Int64) -> String {
        let (day, rest) = max(0, seconds).quotientAndRemainder(dividingBy: 86_400)
        let date = CivilDate(day: day)
        let clock = [rest / 3600, rest / 60 % 60, rest % 60].map(twoDigits).joined(separator: ":")
        let weekday = days[Int(day % 7)]
        return
            "\(weekday), \(twoDigits(date.day)) \(months[Int(date.month) - 1]) \(date.year) \(clock) GMT"
    }

    /// The same time as the Hub writes it: "2026-11-30T08:00:00.000Z".
    package static func isoText(_ seconds: Int64) -> String {
        let (day, rest) = max(0, seconds).quotientAndRemainder(dividingBy: 86_400)
        let date = CivilDate(day: day)
        let clock = [rest / 3600, rest / 60 % 60, rest % 60].map(twoDigits).joined(separator: ":")
        let year = String(date.year)
        let padded = String(repeating: "0", count: max(0, 4 - year.utf8.count)) + year
        return "\(padded)-\(twoDigits(date.month))-\(twoDigits(date.day))T\(clock).000Z"
    }

    private static func twoDigits(_ number: Int64) -> String { (number < 10 ? "0" : "") + String(number) }
}

/// A day of the Gregorian calendar.
private struct CivilDate {
    let year: Int64
    let month: Int64
    let day: Int64

    /// - Parameter day: since 1970-01-01, not negative. The year is taken to begin in March, so that the leap day is its last.
    init(day number: Int64) {
        let shifted = number + 719_468
        let (era, rest) = shifted.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (rest - rest / 1460 + rest / 36_524 - rest / 146_096) / 365
        let dayOfYear = rest - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        month = shiftedMonth >= 10 ? shiftedMonth - 9 : shiftedMonth + 3
        year = era * 400 + yearOfEra + (shiftedMonth >= 10 ? 1 : 0)
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    }
}
