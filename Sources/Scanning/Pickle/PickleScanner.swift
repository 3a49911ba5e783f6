import Formats

/// Follows one pickle of protocol 0 to 5 (the format as Python's `pickletools` documents it) to say what loading it
/// would import and call. Nothing is looked up or called, and no value is built.
///
/// The caller lends the file in windows: ``scan(_:atEnd:)`` states how far it came, which may be past the window's end,
/// where bytes are in between that no instruction is in. Memory is bounded whatever the pickle states.
package struct PickleScanner {
    /// Where the scan stands.
    enum State: Equatable {
        /// Instructions follow.
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
        /// The module, with dots.
        let module: String
        /// The name in the module, which may have dots.
        let name: String
        /// The place of the importing instruction in the file.
        let offset: Int
    }

    /// Something else that is not harmless.
    struct Problem: Equatable {
        /// One sentence without a full stop.
        let message: String
        /// The place of the instruction in the file.
        let offset: Int
    }

    /// The longest line of text that is read as a name.
    static let maximumLine = 1024
    /// The most imports and problems that are kept.
    static let maximumKept = PickleScan.maximumTold

    /// What the scan came to; once it is not ``State/running``, the caller decides whether it goes on.
    var state = State.running
    /// The next byte to look at, counted from the start of the file.
    var position: Int
    /// The highest protocol that the pickle states; 0 where it states none.
    var protocolVersion = 0
    /// The numbers of the harmless names that were imported.
    var harmless: [Int] = []
    /// The other names that were imported, each once, at most ``maximumKept``.
    var imports: [Import] = []
    /// What else is not harmless, in the order of the pickle, at most ``maximumKept``.
    var problems: [Problem] = []
    /// Whether anything was called or imported, which distinguishes a pickle from what only looks like one.
    var hasEffects = false
    /// Whether an array of joblib's was described.
    var hasArrays = false
    /// The storages of PyTorch's, by what tells them apart: their number and the size of all.
    var storages = StorageCount()
    /// The number of instructions.
    var instructions = 0

    /// What Python's machine would have on its stack and in its memo.
    var stack = ScanStack()
    /// What describes the arrays, storages and arguments that come next.
    var recent = RecentValues()
    /// Where the frame ends; -1 outside of one.
    var frameEnd = -1
    /// Whether the window ended in a line of text, which goes on in the next one.
    var isInLine = false
    /// The instruction that is followed.
    var start = 0
    private var hasKeys = false
    private var hasCallers = false
    /// Whether arrays of joblib's are read as joblib does; `pickle` itself takes their bytes for instructions.
    let readsArrays: Bool
    /// The names that are harmless to import.
    let list = HarmlessGlobals.all

    /// - Parameters:
    ///   - position: where the pickle starts in the file.
    ///   - readsArrays: whether to read the file as joblib does.
    init(at position: Int, readsArrays: Bool) {
        self.position = position
        self.readsArrays = readsArrays
    }

    /// Looks at the next bytes.
    /// - Parameters:
    ///   - window: what is at ``position`` in the file, as much as the caller likes; 64 KiB are always enough.
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

    /// Whether there are imports, and every one is of a name as Python has them, which distinguishes a pickle from numbers or a
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

    /// Ends the scan at something that Python would not execute either.
    mutating func broken(_ message: String) { state = .broken(message) }

    /// Ends the scan at something that Python executes and that is not followed here.
    mutating func beyond(_ message: String) {
        state = .beyond(message)
    }

    /// Notes something that is not harmless at the instruction that is followed; the scan goes on.
    mutating func problem(_ message: String) {
        hasEffects = true
        if problems.count < Self.maximumKept { problems.append(Problem(message: message, offset: start)) }
    }

    /// Notes the import of a name that is not in the list; the scan goes on.
    mutating func imported(_ module: String, _ name: String) -> ScanValue {
        hasEffects = true
        let found = Import(module: module, name: name, offset: start)
        if imports.count < Self.maximumKept,
            !imports.contains(where: { $0.module.hasSameBytes(as: module) && $0.name.hasSameBytes(as: name) })
        {
            imports.append(found)
        }
        return ScanValue(.refused)
    }

    /// Notes the import of a name of the list, by its place there.
    mutating func imported(_ entry: Int) -> ScanValue {
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

    /// Pushes a value; beyond the stack's bound the scan ends as ``State/beyond(_:)``.
    mutating func push(_ value: ScanValue) {
        if !stack.push(value) { beyond("more than \(ScanStack.maximumDepth) values wait") }
    }

    /// Takes the top of the stack; where there is none above the mark, the pickle is broken and the value is unknown.
    mutating func pop() -> ScanValue {
        if let value = stack.pop() { return value }
        broken("the pickle takes a value that is not there")
        return .unknown
    }

    /// Follows one instruction.
    /// - Returns: where the next one starts in the window; -1 where the window ends in this one.
    mutating func follow(_ code: UInt8, _ window: Span<UInt8>, _ next: Int, _ base: Int) -> Int {
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

    /// The top of the stack, which stays; where there is none above the mark, the pickle is broken.
    mutating func top() -> ScanValue {
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
}
