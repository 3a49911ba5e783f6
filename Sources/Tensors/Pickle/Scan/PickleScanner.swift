/// Follows one pickle of protocol 0 to 5 (the format as Python's `pickletools` documents it) to say what loading it
/// would import and call. Nothing is looked up or called, and no value is built.
///
/// The caller lends the file in windows: ``scan(_:atEnd:)`` says how far it came, which may be past the window's end,
/// where bytes lie in between that no instruction is in. Memory is bounded whatever the pickle says.
struct PickleScanner {
    /// Where the scan stands.
    enum State: Equatable {
        case running
        /// The pickle ended.
        case stopped
        /// An instruction that Python would not execute either, at ``position``.
        case broken(String)
        /// Nothing that Python would object to, but more than is followed.
        case beyond(String)
        /// The bytes of an array follow, as joblib writes them: with or without padding before them.
        case array(bytes: Int, isAligned: Bool)
        /// A pickle of its own follows, of the elements of an array, as joblib writes it.
        case nested
    }

    /// A name that was imported without being in the list.
    struct Import: Equatable {
        let module: String
        let name: String
        let offset: Int
    }

    /// Something else that is not harmless.
    struct Problem: Equatable {
        let message: String
        let offset: Int
    }

    /// The longest line of text that is read as a name.
    static let maximumLine = 1024
    /// The most imports and problems that are kept.
    static let maximumKept = PickleScan.maximumTold

    private(set) var state = State.running
    /// The next byte to look at, counted from the start of the file.
    private(set) var position: Int
    private(set) var protocolVersion = 0
    /// The numbers of the harmless names that were imported.
    private(set) var harmless: [Int] = []
    private(set) var imports: [Import] = []
    private(set) var problems: [Problem] = []
    /// Whether anything was called or imported, which tells a pickle from what only looks like one.
    private(set) var hasEffects = false
    /// Whether an array of joblib's was described.
    private(set) var hasArrays = false
    /// The storages of PyTorch's, by what tells them apart: their number and the size of all.
    private(set) var storages = StorageCount()
    /// The number of instructions.
    private(set) var instructions = 0

    private var stack = ScanStack()
    private var recent = RecentValues()
    /// Where the frame ends; -1 outside of one.
    private var frameEnd = -1
    private var isInLine = false
    /// The instruction that is followed.
    private var start = 0
    private var hasKeys = false
    private var hasCallers = false
    /// Whether arrays of joblib's are read as joblib does; `pickle` itself takes their bytes for instructions.
    private let readsArrays: Bool
    private let list = HarmlessGlobals.all

    /// - Parameters:
    ///   - position: where the pickle starts in the file.
    ///   - readsArrays: whether to read the file as joblib does.
    init(at position: Int, readsArrays: Bool) {
        self.position = position
        self.readsArrays = readsArrays
    }

    /// Looks at the next bytes.
    /// - Parameters:
    ///   - window: what lies at ``position`` in the file, as much as the caller likes; 64 KiB are always enough.
    ///   - atEnd: whether the file ends with it.
    mutating func scan(_ window: Span<UInt8>, atEnd: Bool) {
        let base = position
        var index = 0
        if isInLine { index = restOfLine(window, 0) }
        while state == .running, index < window.count {
            start = base + index
            let next = follow(window[index], window, index + 1, base)
            guard next >= 0 else {
                if atEnd { state = .broken("the pickle is cut short") }
                break
            }
            guard state == .running || state != .stopped || frameEnd < 0 || base + next == frameEnd else {
                beyond("the pickle stops before its frame ends")
                break
            }
            instructions &+= 1
            index = next
            if frameEnd >= 0, !isInLine {
                if base + index > frameEnd { beyond("an instruction passes the end of its frame") }
                if base + index == frameEnd { frameEnd = -1 }
            }
        }
        if case .broken = state { position = start } else { position = base + index }
    }

    /// Goes on after what ``state`` said that follows.
    mutating func resume(at position: Int) {
        self.position = position
        state = .running
    }

    /// Takes over what was found in a pickle inside of this one.
    mutating func join(_ inner: PickleScanner) {
        for entry in inner.harmless where !harmless.contains(entry) { harmless.append(entry) }
        imports += inner.imports.prefix(max(0, Self.maximumKept - imports.count))
        problems += inner.problems.prefix(max(0, Self.maximumKept - problems.count))
        hasEffects = hasEffects || inner.hasEffects
        if inner.state != .stopped {
            state = inner.state == .running ? .broken("a pickle in it is cut short") : inner.state
        }
        position = inner.position
    }

    /// Whether there are imports, and every one is of a name as Python has them, which tells a pickle from numbers or a
    /// text that look like one.
    var hasPlausibleNames: Bool {
        !(imports.isEmpty && harmless.isEmpty)
            && imports.allSatisfy { found in
                [found.module, found.name].allSatisfy { name in
                    !name.isEmpty
                        && name.utf8.allSatisfy { byte in
                            byte == 0x2E || byte == 0x5F || (0x30...0x39).contains(byte)
                                || (0x61...0x7A).contains(byte | 0x20)
                                || byte >= 0x80 || byte == 0x3F
                        }
                }
            }
    }

    /// Ends the scan where the file does.
    mutating func cutShort() {
        if state == .running { state = .broken("the pickle is cut short") }
    }

    // MARK: What is found

    private mutating func broken(_ message: String) { state = .broken(message) }

    private mutating func beyond(_ message: String) {
        state = .beyond(message)
    }

    private mutating func problem(_ message: String) {
        hasEffects = true
        if problems.count < Self.maximumKept { problems.append(Problem(message: message, offset: start)) }
    }

    private mutating func imported(_ module: String, _ name: String) -> ScanValue {
        hasEffects = true
        let found = Import(module: module, name: name, offset: start)
        if imports.count < Self.maximumKept,
            !imports.contains(where: { $0.module == module && $0.name == name })
        {
            imports.append(found)
        }
        return ScanValue(.refused)
    }

    private mutating func imported(_ entry: Int) -> ScanValue {
        hasEffects = true
        if !harmless.contains(entry) { harmless.append(entry) }
        switch list.entries[entry].role {
        case .key: hasKeys = true
        case .caller: hasCallers = true
        default: break
        }
        if hasKeys, hasCallers {
            problem("a class that is only ever to be a key is named beside a function that calls others")
        }
        return ScanValue(.global, entry)
    }

    // MARK: Instructions

    private mutating func push(_ value: ScanValue) {
        if !stack.push(value) { beyond("more than \(ScanStack.maximumDepth) values wait") }
    }

    private mutating func pop() -> ScanValue {
        if let value = stack.pop() { return value }
        broken("the pickle takes a value that is not there")
        return .unknown
    }

    /// Follows one instruction.
    /// - Returns: where the next one starts in the window; -1 where the window ends in this one.
    private mutating func follow(_ code: UInt8, _ window: Span<UInt8>, _ next: Int, _ base: Int) -> Int {
        switch code {
        case 0x4B, 0x4D, 0x4A, 0x8A, 0x8B, 0x47, 0x46, 0x49, 0x4C:
            return number(code, window, next)
        case 0x8C, 0x58, 0x8D, 0x55, 0x54, 0x53, 0x56, 0x43, 0x42, 0x8E, 0x96:
            return text(code, window, next, base)
        case 0x28:
            if !stack.mark() { beyond("more than \(ScanStack.maximumMarks) marks are open") }
        case 0x2E:
            if stack.pop() == nil { broken("the pickle ends without a value") } else { state = .stopped }
        case 0x30:
            if stack.pop() == nil, !stack.dropMark() { broken("the pickle takes a value that is not there") }
        case 0x31: if !stack.dropMark() { broken("the pickle takes a mark that is not there") }
        case 0x32: push(top())
        case 0x4E, 0x88, 0x89: push(code == 0x4E ? ScanValue(.none) : .data)
        case 0x94: remember(nil)
        case 0x71, 0x72, 0x70, 0x68, 0x6A, 0x67: return memo(code, window, next)
        case 0x29: push(recent.tuple(of: stack, last: 0))
        case 0x85, 0x86, 0x87: tuple(Int(code) - 0x84)
        case 0x74, 0x64, 0x6C, 0x91: marked(code)
        case 0x5D, 0x8F: push(.data)
        case 0x7D: push(recent.settings())
        case 0x61, 0x65, 0x73, 0x75, 0x90: fill(code)
        case 0x80:
            guard next < window.count else { return -1 }
            guard window[next] <= 5 else {
                broken("the pickle is of protocol \(window[next]), and 5 is the highest")
                return next
            }
            protocolVersion = max(protocolVersion, Int(window[next]))
            return next + 1
        case 0x95: return frame(window, next, base)
        case 0x63, 0x69: return named(code, window, next)
        case 0x93: stackGlobal(window, base)
        case 0x52: reduce()
        case 0x81, 0x92: construct(hasKeywords: code == 0x92)
        case 0x6F: callMarked()
        case 0x62: build()
        case 0x51: persistent()
        case 0x50:
            problem("the pickle names something outside of it in a way that PyTorch does not")
            return line(window, next) { scanner in scanner.push(.unknown) }
        case 0x82, 0x83, 0x84:
            problem("the pickle imports by a number, of which only the reading program knows what it names")
            push(ScanValue(.refused))
            let length = code == 0x82 ? 1 : code == 0x83 ? 2 : 4
            return next + length <= window.count ? next + length : -1
        case 0x97, 0x98: beyond("the pickle needs buffers that are not in the file")
        default: broken("0x\(String(code, radix: 16)) is no instruction of a pickle")
        }
        return next
    }

    private mutating func top() -> ScanValue {
        if let top = stack.top { return top }
        broken("the pickle takes a value that is not there")
        return .unknown
    }

    private mutating func frame(_ window: Span<UInt8>, _ next: Int, _ base: Int) -> Int {
        guard next + 8 <= window.count else { return -1 }
        guard let length = Int(exactly: littleEndian(window, next..<next + 8)), length < 1 << 56 else {
            broken("a frame has more than 56 bits of bytes")
            return next
        }
        guard frameEnd < 0 || frameEnd == base + next + 8 else {
            beyond("a frame starts in another one")
            return next
        }
        frameEnd = base + next + 8 + length
        return next + 8
    }

    // MARK: Numbers and texts

    private mutating func number(_ code: UInt8, _ window: Span<UInt8>, _ next: Int) -> Int {
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

    private mutating func text(_ code: UInt8, _ window: Span<UInt8>, _ next: Int, _ base: Int) -> Int {
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
    private func short(_ window: Span<UInt8>, _ start: Int, _ count: Int, _ base: Int) -> ScanValue {
        if let word = list.word(window, start, count) { return ScanValue(.word, word) }
        if count < 10, let size = RecentValues.flexibleSize(window, start, count) {
            return ScanValue(.flexible, size)
        }
        if let value = RecentValues.digits(window, start, count) { return ScanValue(.digits, value) }
        return .text(at: base + start, count)
    }

    /// A text of protocol 0: in quotes, or up to the end of the line; with escapes it names nothing that is known.
    private mutating func textLine(_ code: UInt8, _ window: Span<UInt8>, _ next: Int, _ base: Int) -> Int {
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
    private mutating func line(
        _ window: Span<UInt8>, _ next: Int, then: (inout PickleScanner) -> Void
    ) -> Int {
        let end = Self.lineEnd(window, next, within: .max)
        guard end != nil || window.count - next >= Self.maximumLine else { return -1 }
        then(&self)
        if let end { return end + 1 }
        isInLine = true
        return window.count
    }

    private mutating func restOfLine(_ window: Span<UInt8>, _ index: Int) -> Int {
        guard let end = Self.lineEnd(window, index, within: .max) else { return window.count }
        isInLine = false
        return end + 1
    }

    private static func lineEnd(
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

    private mutating func memo(_ code: UInt8, _ window: Span<UInt8>, _ next: Int) -> Int {
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
    private mutating func remember(_ key: Int?) {
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

    private mutating func tuple(_ count: Int) {
        guard stack.countAboveMark.map({ $0 >= count }) ?? (stack.values.count >= count) else {
            broken("the pickle takes a value that is not there")
            return
        }
        let value = recent.tuple(of: stack, last: count)
        for _ in 0..<count { _ = stack.pop() }
        push(value)
    }

    /// What is made of all values above the mark.
    private mutating func marked(_ code: UInt8) {
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
    private mutating func fill(_ code: UInt8) {
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

    // MARK: Imports and calls

    /// GLOBAL and INST: two lines that name a class or function.
    private mutating func named(_ code: UInt8, _ window: Span<UInt8>, _ next: Int) -> Int {
        guard let first = Self.lineEnd(window, next) else {
            if window.count - next >= Self.maximumLine {
                broken("a name has more than \(Self.maximumLine) bytes")
            }
            return -1
        }
        guard let second = Self.lineEnd(window, first + 1) else {
            if window.count - first > Self.maximumLine {
                broken("a name has more than \(Self.maximumLine) bytes")
            }
            return -1
        }
        let value: ScanValue
        if let module = list.word(window, next, first - next),
            let name = list.word(window, first + 1, second - first - 1),
            let entry = list.entry(module: module, name: name)
        {
            value = imported(entry)
        } else {
            guard let module = String(validating: window, next..<first),
                let name = String(validating: window, first + 1..<second)
            else {
                broken("a name is not UTF-8")
                return next
            }
            value = imported(module, name)
        }
        if code == 0x63 {
            push(value)
        } else {
            guard stack.dropMark() else {
                broken("the pickle takes a mark that is not there")
                return next
            }
            push(called(value, arguments: .unknown))
        }
        return second + 1
    }

    private mutating func stackGlobal(_ window: Span<UInt8>, _ base: Int) {
        let (name, module) = (pop(), pop())
        guard state == .running else { return }
        guard module.mayBeText, name.mayBeText else { return broken("the pickle imports by what is no text") }
        if module.kind == .word, name.kind == .word,
            let entry = list.entry(module: module.payload, name: name.payload)
        {
            return push(imported(entry))
        }
        push(imported(text(module, window, base), text(name, window, base)))
    }

    /// What a value says as far as that can still be told.
    private func text(_ value: ScanValue, _ window: Span<UInt8>, _ base: Int) -> String {
        switch value.kind {
        case .word: return list.text(ofWord: value.payload)
        case .text:
            let (offset, count) = (value.payload >> 8 - base, value.payload & 0xFF)
            guard offset >= 0, offset + count <= window.count else { return "?" }
            return String(validating: window, offset..<offset + count) ?? "?"
        default: return "?"
        }
    }

    /// A call of a value, which has to be a class or function.
    private mutating func called(_ callee: ScanValue, arguments: ScanValue) -> ScanValue {
        hasEffects = true
        guard callee.kind == .global else {
            if callee.kind != .refused {
                problem("the pickle calls what is no class or function that it names")
            }
            return .unknown
        }
        let entry = list.entries[callee.payload]
        switch entry.role {
        case .plain, .caller, .storage: return .other
        case .key:
            problem("the pickle calls \(entry.path), which is only ever to be a key")
            return .other
        case .encode:
            let codec = recent.items(of: arguments)?.dropFirst().first
            let isKnown = codec.map { $0.kind == .word && $0.payload <= HarmlessGlobals.Word.ascii }
            if isKnown != true {
                problem("the pickle encodes a text with a codec that Python's own do not name")
            }
            return .other
        case .dtype: return recent.dtype(arguments)
        case .arrayWrapper: return ScanValue(.wrapper)
        }
    }

    private mutating func reduce() {
        let (arguments, callee) = (pop(), pop())
        guard state == .running else { return }
        push(called(callee, arguments: arguments))
    }

    /// NEWOBJ and NEWOBJ_EX.
    private mutating func construct(hasKeywords: Bool) {
        if hasKeywords { _ = pop() }
        let (arguments, callee) = (pop(), pop())
        guard state == .running else { return }
        // A type of NumPy's made like this would have another size than its name says.
        let made = called(callee, arguments: arguments)
        let isObject = callee.kind == .global && made.kind == .other && list.entries[callee.payload].isObject
        push(isObject ? .data : made.kind == .dtype ? .unknown : made)
    }

    /// OBJ: the class and its arguments lie above a mark.
    private mutating func callMarked() {
        guard let count = stack.countAboveMark else {
            return broken("the pickle takes a mark that is not there")
        }
        guard count > 0 else { return broken("a call has no callee") }
        let callee = stack.aboveMark(0)
        _ = stack.dropMark()
        let made = called(callee, arguments: .unknown)
        push(made.kind == .dtype ? .unknown : made)
    }

    private mutating func persistent() {
        let identity = pop()
        guard state == .running else { return }
        if let items = recent.items(of: identity), items.count >= 5,
            items[0].isWord(HarmlessGlobals.Word.storage), items[1].kind == .global,
            list.entries[items[1].payload].role == .storage
        {
            storages.add(key: items[2], count: items[4], size: list.entries[items[1].payload].elementSize)
        } else {
            problem("the pickle names something outside of it in a way that PyTorch does not")
        }
        push(.other)
    }

    private mutating func build() {
        let argument = pop()
        let target = top()
        guard state == .running else { return }
        switch target.kind {
        case .global, .refused: problem("the pickle changes a class or function")
        case .dtype: recent.build(target, argument)
        case .wrapper: array(argument)
        case .unknown:
            if hasArrays { beyond("the pickle changes a value that may describe an array") }
        default: break
        }
    }

    /// The description of an array is complete: its bytes follow.
    private mutating func array(_ settings: ScanValue) {
        hasArrays = true
        guard readsArrays else { return }
        guard frameEnd < 0 || frameEnd == start + 1 else {
            return beyond("the bytes of an array follow inside of a frame")
        }
        frameEnd = -1
        stack.replaceTop(.other)
        switch recent.array(settings) {
        case nil: beyond("an array is described in a way that joblib does not")
        case .objects?: state = .nested
        case .plain(let bytes, let isAligned)?: state = .array(bytes: bytes, isAligned: isAligned)
        }
    }
}
