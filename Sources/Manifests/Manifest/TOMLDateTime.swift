/// One of TOML's four kinds of date and time: with an offset from UTC, without one, a day alone, a time alone.
struct TOMLDateTime: Equatable {
    /// A time of day. A leap second may be 60.
    struct Time: Equatable {
        /// 0 to 23.
        let hour: Int
        /// 0 to 59.
        let minute: Int
        /// 0 to 60.
        let second: Int
        /// The digits of the fraction of the second that were written, up to nine; the others are cut off.
        let nanosecond: Int
    }

    /// The day, if there is one.
    let date: CalendarDate?
    /// The time, if there is one.
    let time: Time?
    /// Minutes east of UTC, where it was written.
    let offset: Int?
}

extension BareWord {
    /// Whether all of it has the form of a date without a time.
    var isDate: Bool {
        var word = self
        return word.takeDate() != nil && word.isTaken
    }

    /// Whether all of it has the form of a date, a time or both.
    var isDateTime: Bool { fields != nil }

    /// The date and time it has the form of; `nil` if there is no such day or time.
    var dateTime: TOMLDateTime? {
        guard let fields else { return nil }
        var date: CalendarDate?
        if let text = fields.date {
            guard let day = CalendarDate(text) else { return nil }
            date = day
        }
        if let time = fields.time {
            // RFC 3339, which TOML refers to, has the second 60 for leap seconds.
            guard time.hour < 24, time.minute < 60, time.second <= 60 else { return nil }
        }
        if let (hours, minutes) = fields.offset, hours >= 24 || minutes >= 60 { return nil }
        let offset = fields.offset.map { (fields.isWest ? -1 : 1) * ($0.hours * 60 + $0.minutes) }
        return TOMLDateTime(date: date, time: fields.time, offset: offset)
    }

    private struct Fields {
        var date: String?
        var time: TOMLDateTime.Time?
        var offset: (hours: Int, minutes: Int)?
        var isWest = false
    }

    private var fields: Fields? {
        var word = self
        var fields = Fields()
        if let date = word.takeDate() {
            fields.date = date
            if word.isTaken { return fields }
            guard word.take("T") || word.take("t") || word.take(" "), let time = word.takeTime() else {
                return nil
            }
            fields.time = time
            if word.take("Z") || word.take("z") {
                fields.offset = (0, 0)
            } else if !word.isTaken {
                fields.isWest = word.take("-")
                guard fields.isWest || word.take("+"), let hours = word.takeNumber(digits: 2), word.take(":"),
                    let minutes = word.takeNumber(digits: 2)
                else { return nil }
                fields.offset = (hours, minutes)
            }
        } else {
            guard let time = word.takeTime() else { return nil }
            fields.time = time
        }
        return word.isTaken ? fields : nil
    }

    /// Takes `YYYY-MM-DD`; `nil`, and nothing taken, for another form.
    private mutating func takeDate() -> String? {
        let start = self
        guard takeNumber(digits: 4) != nil, take("-"), takeNumber(digits: 2) != nil, take("-"),
            takeNumber(digits: 2) != nil
        else {
            self = start
            return nil
        }
        return String(decoding: start.rest.dropLast(rest.count), as: UTF8.self)
    }

    private mutating func takeTime() -> TOMLDateTime.Time? {
        guard let hour = takeNumber(digits: 2), take(":"), let minute = takeNumber(digits: 2), take(":"),
            let second = takeNumber(digits: 2)
        else { return nil }
        var nanosecond = 0
        if take(".") {
            let digits = takeRun()
            guard !digits.isEmpty else { return nil }
            var unit = 100_000_000
            for digit in digits.prefix(9) {
                nanosecond += Int(digit - 0x30) * unit
                unit /= 10
            }
        }
        return TOMLDateTime.Time(hour: hour, minute: minute, second: second, nanosecond: nanosecond)
    }
}
