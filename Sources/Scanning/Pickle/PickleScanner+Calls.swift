import Formats

// Imports and calls.

extension PickleScanner {
    /// GLOBAL and INST: two lines that name a class or function.
    mutating func named(_ code: UInt8, _ window: Span<UInt8>, _ next: Int) -> Int {
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

    /// STACK_GLOBAL: imports by two texts from the stack, the module and the name.
    mutating func stackGlobal(_ window: Span<UInt8>, _ base: Int) {
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

    /// What a value states as far as that can still be told.
    func text(_ value: ScanValue, _ window: Span<UInt8>, _ base: Int) -> String {
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
    mutating func called(_ callee: ScanValue, arguments: ScanValue) -> ScanValue {
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

    /// REDUCE: calls what is below the top of the stack with the tuple at the top.
    mutating func reduce() {
        let (arguments, callee) = (pop(), pop())
        guard state == .running else { return }
        push(called(callee, arguments: arguments))
    }

    /// NEWOBJ and NEWOBJ_EX.
    mutating func construct(hasKeywords: Bool) {
        if hasKeywords { _ = pop() }
        let (arguments, callee) = (pop(), pop())
        guard state == .running else { return }
        // A type of NumPy's made like this would have another size than its name states.
        let made = called(callee, arguments: arguments)
        let isObject = callee.kind == .global && made.kind == .other && list.entries[callee.payload].isObject
        push(isObject ? .data : made.kind == .dtype ? .unknown : made)
    }

    /// OBJ: the class and its arguments are stored above a mark.
    mutating func callMarked() {
        guard let count = stack.countAboveMark else {
            return broken("the pickle takes a mark that is not there")
        }
        guard count > 0 else { return broken("a call has no callee") }
        let callee = stack.aboveMark(0)
        _ = stack.dropMark()
        let made = called(callee, arguments: .unknown)
        push(made.kind == .dtype ? .unknown : made)
    }

    /// BINPERSID: names a storage as `torch.save` does by a tuple; any other identity is a problem.
    mutating func persistent() {
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

    /// BUILD: sets the state of what is below the top of the stack, which stays there.
    mutating func build() {
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
    mutating func array(_ settings: ScanValue) {
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
