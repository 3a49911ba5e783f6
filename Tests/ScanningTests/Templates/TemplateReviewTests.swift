import Testing

@testable import Scanning

/// What a chat template may do, and what it may not.
@Suite struct TemplateReviewTests {
    private func findings(_ template: String) -> [TemplateReview.Finding] {
        TemplateReview.findings(of: Array(template.utf8))
    }

    @Test func sayWhatAndOnWhichLine() {
        let template = "{%- for m in messages %}\n{{ m.content }}\n{{ m.__class__ }}\n{%- endfor %}"
        #expect(
            findings(template)
                == [TemplateReview.Finding(message: "reaches for the attribute \"__class__\"", line: 3)])
    }

    @Test func tellOfEachThingOnce() {
        #expect(findings("{{ a.__x__ }}{{ b.__x__ }}{{ c.__y__ }}").count == 2)
        #expect(findings((0..<50).map { "{{ a.__x\($0)__ }}" }.joined()).count == 20)
    }

    @Test(arguments: [
        ("messages[i]", true), ("messages[i + 1]", true), ("messages[loop.index0 - 1]", true),
        ("messages[(messages|length) - 1]", true), ("messages['role']", true), ("messages[m.role]", true),
        ("messages[m.role.strip()]", true), ("messages[n % 2]", true), ("messages['a' ~ i]", false),
        ("messages[a + b]", false), ("messages[m|string]", false), ("messages['%s' % a]", false),
        ("messages[x|tojson]", false), ("messages['_']", false),
    ])
    func decidesWhatMayBeLookedUpBy(_ item: (expression: String, isFine: Bool)) {
        let head = "{% for m in messages %}{% set i = loop.index0 %}{% set n = 3 %}"
        #expect(findings("\(head){{ \(item.expression) }}{% endfor %}").isEmpty == item.isFine)
    }

    @Test func followsValuesThatComeOfThemselves() {
        #expect(findings("{% set i = 0 %}{% set i = i + 1 %}{{ messages[i] }}").isEmpty)
        #expect(!findings("{% set s = '' %}{% set s = s ~ 'a' %}{{ messages[s] }}").isEmpty)
        #expect(!findings("{% set a = b %}{% set b = a ~ 'x' %}{{ messages[a] }}").isEmpty)
    }

    @Test func refusesWhatIsTooLongToRead() {
        let template = [UInt8](repeating: 0x20, count: TemplateReview.sizeLimit + 1)
        #expect(TemplateReview.findings(of: template).count == 1)
        #expect(TemplateReview.findings(of: Array(template.dropLast())).isEmpty)
    }

    @Test func endsOnEveryMutation() {
        let template = Array(
            """
            {%- macro f(a, b=[1, 'x']) %}{{ a|map(attribute='b')|list ~ b[1:] }}{% endmacro %}{# c #}
            {%- for m in messages if m is not none recursive %}{% set ns.x, y = (1, {'k': -2.5e3}) %}
            {{- m['role'] if not m.a == 1 else "\\x41\\u0042\\n" }}{% raw %}{{{% endraw %}{{ f(*a, **b) }}{% endfor %}
            """.utf8)
        #expect(TemplateReview.findings(of: template).isEmpty)
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let pieces = "{{ }} {% %} {# #} ( ) [ ] . | ~ ' \" \\ _ for in if is not set raw".split(
            separator: " ")
        for _ in 0..<1500 {
            var mutated = template
            for _ in 0...next(4) {
                let place = next(mutated.count)
                switch next(3) {
                case 0: mutated.remove(at: place)
                case 1: mutated[place] = UInt8(truncatingIfNeeded: next(256))
                default: mutated.insert(contentsOf: pieces[next(pieces.count)].utf8, at: place)
                }
            }
            _ = TemplateReview.findings(of: mutated)
        }
    }
}
