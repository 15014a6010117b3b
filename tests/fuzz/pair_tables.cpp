// Tables of pairs, ids and landmarks as clinics export them: in GB18030 or UTF-8.

#include "core/error.h"
#include "jobs/pix2pix/data/id_tables.h"
#include "jobs/pix2pix/data/text_encoding.h"
#include "tests/fuzz/fuzz.h"

namespace xorch::fuzz {

std::vector<std::string> corpus() {
    const std::string cases = "编号,数据集,姓名\n12,训练集,\"张, 三\"\n7,验证集,李四\n";
    return {
        *pix2pix::to_gb18030(cases),
        cases,
        "id\r\n1\r\n20\r\n",
        "id,input_path,target_path\n5,训练集/5.2.png,训练集/5.1.png\n",
        "id,S_x\n3,1,2,3,4,5,6,7,8,9,10,11,1.5e1\n",
    };
}

std::size_t rounds() {
    return 20'000;
}

bool try_input(std::string_view bytes) {
    using namespace pix2pix;
    if (const auto text = to_utf8(bytes)) {
        const auto again = to_utf8(*text);
        XORCH_CHECK(again, "text that is no text any more");
        XORCH_CHECK(to_gb18030(*again), "text without signs in GB18030");
    }
    if (const auto landmarks = parse_landmarks(bytes)) {
        const auto again = parse_landmarks(format_landmarks(*landmarks));
        XORCH_CHECK(again && *again == *landmarks, "landmarks that read as others");
    }
    if (const auto pairs = parse_pair_rows(bytes)) {
        for (const PairRow& pair : *pairs) {
            XORCH_CHECK(pair.input[0] != '/', "a path out of the folder");
        }
    }
    const auto ids = parse_ids(bytes);
    if (!ids) return false;
    for (std::size_t i = 1; i < ids->size(); ++i) {
        XORCH_CHECK(id_less((*ids)[i - 1], (*ids)[i]), "ids out of order");
    }
    return true;
}

}  // namespace xorch::fuzz
