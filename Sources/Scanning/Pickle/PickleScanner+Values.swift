import Formats

// Numbers, texts, containers and the memo.

extension PickleScanner {
    // MARK: Numbers and texts

    /// Follows an instruction for a number; where the next one starts, or -1 where the window ends in this one.
    mutating func number(_ code: UInt8, _ window: Span<UInt8>, _ next: Int) -> Int {
        let size: Int
        switch code {
        case 0x4B: size = 1
        case 0x4D: size = 2
        case 0x4A: size = 4
        case 0x47: size = 8
        case 0x8A, 0x8B: return long(window, next, code == 0x8A ? 1 : 4)
        default: return line(window, next) { scanner in scanner.push(.data) }
        }
        guard next + size <= window.count else { return -1 }
        if code == 0x47 {
            push(.data)
        } else {
            let value = Int(littleEndian(window, next..<next + size))
            push(code == 0x4A && value > Int(Int32.max) ? .data : .integer(value))
        }
        return next + size
    }

    private mutating func long(_ window: Span<UInt8>, _ next: Int, _ size: Int) -> Int {
        guard next + size <= window.count else { return -1 }
        let count = Int(littleEndian(window, next..<next + size))
        guard count <= Int(Int32.max) else {
            broken("a number has a negative length")
            return next
        }
        let start = next + size
        guard count <= 7 else {
            push(.data)
            return start + count
        }
        guard start + count <= window.count else { return -1 }
        let isNegative = count > 0 && window[start + count - 1] >= 0x80
        push(isNegative ? .data : .integer(Int(littleEndian(window, start..<start + count))))
        return start + count
    }

    /// Follows an instruction for a text or bytes, of which the window need not have all; where the next one
    /// starts, or -1 where more of it is wanted.
    mutating func text(_ code: UInt8, _ window: Span<UInt8>, _ next: Int, _ base: Int) -> Int {
        let size: Int
        switch code {
        case 0x8C, 0x55, 0x43: size = 1
        case 0x58, 0x54, 0x42: size = 4
        case 0x53, 0x56: return textLine(code, window, next, base)
        default: size = 8
        }
        guard next + size <= window.count else { return -1 }
        guard let count = Int(exactly: littleEndian(window, next..<next + size)), count < 1 << 56,
            code != 0x54 || count <= Int(Int32.max)
        else {
            broken("a text has a length that no file has")
            return next
        }
        let start = next + size
        let isText = code != 0x43 && code != 0x42 && code != 0x8E && code != 0x96
        guard isText, count < 256, count > 0 else {
            push(isText ? ScanValue(.longText) : .data)
            return start + count
        }
        guard start + count <= window.count else { return -1 }
        push(short(window, start, count, base))
        return start + count
    }

    /// A text in the file as it is.
    func short(_ window: Span<UInt8>, _ start: Int, _ count: Int, _ base: Int) -> ScanValue {
        if let word = list.word(window, start, count) { return ScanValue(.word, word) }
        if count < 10, let size = RecentValues.flexibleSize(window, start, count) {
            return ScanValue(.flexible, size)
        }
        if let value = RecentValues.digits(window, start, count) { return ScanValue(.digits, value) }
        return .text(at: base + start, count)
    }

    /// A text of protocol 0: in quotes, or up to the end of the line; with escapes it names nothing that is known.
    mutating func textLine(_ code: UInt8, _ window: Span<UInt8>, _ next: Int, _ base: Int) -> Int {
        guard let end = Self.lineEnd(window, next) else {
            return line(window, next) { scanner in scanner.push(ScanValue(.longText)) }
        }
        var (first, last) = (next, end)
        if code == 0x53 {
            while last > first, window[last - 1] == 0x20 || window[last - 1] == 0x0D { last -= 1 }
            guard last - first >= 2, window[first] == window[last - 1],
                window[first] == 0x27 || window[first] == 0x22
            else {
                broken("a text has no quotes around it")
                return end + 1
            }
            (first, last) = (first + 1, last - 1)
        }
        let count = last - first
        var isPlain = count > 0 && count < 256
        if isPlain {
            for index in first..<last where window[index] == 0x5C || window[index] >= 0x80 { isPlain = false }
        }
        push(isPlain ? short(window, first, count, base) : ScanValue(.longText))
        return end + 1
    }

    /// Goes over a line that may be long.
    mutating func line(
        _ window: Span<UInt8>, _ next: Int, then: (inout PickleScanner) -> Void
    ) -> Int {
        let end = Self.lineEnd(window, next, within: .max)
        guard end != nil || window.count - next >= Self.maximumLine else { return -1 }
        then(&self)
        if let end { return end + 1 }
        isInLine = true
        return window.count
    }

    /// Goes on over the line that ``line(_:_:then:)`` left open; where the window's part of it ends.
    mutating func restOfLine(_ window: Span<UInt8>, _ index: Int) -> Int {
        guard let end = Self.lineEnd(window, index, within: .max) else { return window.count }
        isInLine = false
        return end + 1
    }

    /// The place of the next line end from `start` on; `nil` if there is none in the window or in so many bytes.
    static func lineEnd(
        _ window: Span<UInt8>, _ start: Int, within limit: Int = maximumLine
    ) -> Int? {
        var index = start
        let end = limit < window.count - start ? start + limit : window.count
        while index < end {
            if window[index] == 0x0A { return index }
            index += 1
        }
        return nil
    }

    // MARK: The memo

    /// PUT and GET in their three forms: keeps the top of the stack under a key, or pushes what is kept;
    /// where the next instruction starts, or -1 where the window ends in this one.
    mutating func memo(_ code: UInt8, _ window: Span<UInt8>, _ next: Int) -> Int {
        let key: Int
        var after = next
        switch code {
        case 0x71, 0x68: after += 1
        case 0x72, 0x6A: after += 4
        default:
            guard let end = Self.lineEnd(window, next) else {
                if window.count - next >= Self.maximumLine { broken("the number of a value is no number") }
                return -1
            }
            guard let number = Self.decimal(window, next..<end) else {
                broken("the number of a value is no number")
                return next
            }
            if code == 0x70 { remember(number) } else { push(stack.recall(number)) }
            return end + 1
        }
        guard after <= window.count else { return -1 }
        key = Int(littleEndian(window, next..<after))
        if code == 0x71 || code == 0x72 { remember(key) } else { push(stack.recall(key)) }
        return after
    }

    /// Keeps the top of the stack under a key, or under the next one.
    mutating func remember(_ key: Int?) {
        let value = top()
        guard key.map({ stack.remember($0, value) }) ?? stack.memoize(value) else {
            beyond("the pickle keeps more values by their number than are followed")
            return
        }
    }

    private static func decimal(_ window: Span<UInt8>, _ range: Range<Int>) -> Int? {
        guard (1...10).contains(range.count) else { return nil }
        var value = 0
        for index in range {
            guard (0x30...0x39).contains(window[index]) else { return nil }
            value = value * 10 + Int(window[index] - 0x30)
        }
        return value
    }

    // MARK: Containers

    /// TUPLE1 to TUPLE3: makes a tuple of the last values.
    mutating func tuple(_ count: Int) {
        guard stack.countAboveMark.map({ $0 >= count }) ?? (stack.values.count >= count) else {
            broken("the pickle takes a value that is not there")
            return
        }
        let value = recent.tuple(of: stack, last: count)
        for _ in 0..<count { _ = stack.pop() }
        push(value)
    }

    /// What is made of all values above the mark.
    mutating func marked(_ code: UInt8) {
        guard let count = stack.countAboveMark else {
            broken("the pickle takes a mark that is not there")
            return
        }
        if code == 0x64, !count.isMultiple(of: 2) { return broken("a dictionary has a key without a value") }
        let value = code == 0x74 ? recent.tuple(of: stack, last: count) : .data
        _ = stack.dropMark()
        push(value)
    }

    /// Puts values into the list, dictionary or set below them.
    mutating func fill(_ code: UInt8) {
        switch code {
        case 0x61: _ = pop()
        case 0x73:
            let (value, key) = (pop(), pop())
            if let target = stack.top { recent.set(target, key, value) }
        default:
            guard let count = stack.countAboveMark else {
                return broken("the pickle takes a mark that is not there")
            }
            if code == 0x75 {
                guard count.isMultiple(of: 2) else { return broken("a dictionary has a key without a value") }
                if let target = stack.belowMark, recent.follows(target) {
                    for index in stride(from: 0, to: count, by: 2) {
                        recent.set(target, stack.aboveMark(index), stack.aboveMark(index + 1))
                    }
                }
            }
            _ = stack.dropMark()
        }
        guard state == .running else { return }
        if top().isGlobal { problem("the pickle puts values into a class or function") }
    }
}
