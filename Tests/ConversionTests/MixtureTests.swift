import TestSupport
import Testing

@testable import Conversion
@testable import Tensors

@Suite struct MixtureTests {
    @Test(.tags(.oracle), .series, arguments: MixtureFixture.models) func givesEveryTensorTheReferencesType(
        model: String
    ) throws {
        let fixture = try MixtureFixture(model)
        #expect(fixture.sections.count == 33)
        let mock = try MockModel(model, fixture)
        let names = Set(mock.tensors.map(\.name))
        let tensors = mock.tensors + mock.copied
        var random = SeededGenerator(seed: 1)
        for section in fixture.sections {
            let type = try QuantizationType(named: section.name)
            #expect(type.base == section.base)
            let plan = try QuantizationPlan(
                tensors: tensors.shuffled(using: &random), traits: mock.traits,
                options: QuantizationOptions(type: type))
            var wrong: [String] = []
            for tensor in plan.tensors {
                let name = tensor.source.name
                let expected = names.contains(name) ? section.types[name] ?? section.base : .f32
                if tensor.type != expected {
                    wrong.append("\(tensor.source.name) \(tensor.type.name), not \(expected.name)")
                }
            }
            #expect(wrong.isEmpty, "\(section.name): \(wrong.prefix(5)) of \(wrong.count)")
            #expect(section.types.keys.allSatisfy { names.contains($0) })
        }
    }
}
