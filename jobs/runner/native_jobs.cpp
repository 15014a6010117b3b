#include "jobs/runner/native_jobs.h"

#include <array>

#include "jobs/anomaly/data/synthetic.h"
#include "jobs/anomaly/jobs.h"
#include "jobs/beats/data/synthetic.h"
#include "jobs/beats/jobs.h"
#include "jobs/cellseg/data/synthetic.h"
#include "jobs/cellseg/jobs.h"
#include "jobs/cellseg/tiles/cohort.h"
#include "jobs/example/regression.h"
#include "jobs/heatmap/data/synthetic.h"
#include "jobs/heatmap/jobs.h"
#include "jobs/pix2pix/data/synthetic.h"
#include "jobs/pix2pix/jobs.h"

namespace xorch {

namespace {

constexpr std::array jobs{
    NativeJob{"anomaly.synthetic",  run_anomaly_synthetic },
    NativeJob{"anomaly.train",      run_anomaly_train     },
    NativeJob{"anomaly.infer",      run_anomaly_infer     },
    NativeJob{"anomaly.saved",      run_anomaly_saved     },
    NativeJob{"anomaly.cls",        run_anomaly_cls       },
    NativeJob{"anomaly.seg",        run_anomaly_seg       },
    NativeJob{"anomaly.report",     run_anomaly_report    },
    NativeJob{"beats.eval",         run_beats_eval        },
    NativeJob{"beats.prepare",      run_beats_prepare     },
    NativeJob{"beats.rescore",      run_beats_rescore     },
    NativeJob{"beats.train",        run_beats_train       },
    NativeJob{"cellseg.synthetic",  run_cellseg_synthetic },
    NativeJob{"cellseg.audit",      run_cellseg_audit     },
    NativeJob{"cellseg.prepare",    run_cellseg_prepare   },
    NativeJob{"cellseg.train",      run_cellseg_train     },
    NativeJob{"cellseg.eval",       run_cellseg_eval      },
    NativeJob{"cellseg.predict",    run_cellseg_predict   },
    NativeJob{"cellseg.segment",    run_cellseg_segment   },
    NativeJob{"cellseg.hybrid",     run_cellseg_hybrid    },
    NativeJob{"cellseg.infer",      run_cellseg_infer     },
    NativeJob{"cellseg.donors",     run_cellseg_donors    },
    NativeJob{"example.regression", run_example_regression},
    NativeJob{"heatmap.boxes",      run_heatmap_boxes     },
    NativeJob{"heatmap.compare",    run_heatmap_compare   },
    NativeJob{"heatmap.features",   run_heatmap_features  },
    NativeJob{"heatmap.grid",       run_heatmap_grid      },
    NativeJob{"heatmap.invert",     run_heatmap_invert    },
    NativeJob{"heatmap.maps",       run_heatmap_maps      },
    NativeJob{"heatmap.surgery",    run_heatmap_surgery   },
    NativeJob{"heatmap.synthetic",  run_heatmap_synthetic },
    NativeJob{"pix2pix.compare",    run_pix2pix_compare   },
    NativeJob{"pix2pix.eval",       run_pix2pix_eval      },
    NativeJob{"pix2pix.freeze",     run_pix2pix_freeze    },
    NativeJob{"pix2pix.hard",       run_pix2pix_hard      },
    NativeJob{"pix2pix.prepare",    run_pix2pix_prepare   },
    NativeJob{"pix2pix.sanity",     run_pix2pix_sanity    },
    NativeJob{"pix2pix.train",      run_pix2pix_train     },
};

constexpr std::array makers{
    DataMaker{
              "anomalies", "images of the 27 classes of MVTec AD and VisA with masks, in their layouts",
              anomaly::make_anomalies                                                                                              },
    DataMaker{
              "beats",     "47 recordings of heart beats in the format of the MIT-BIH database",
              beats::make_beats                                                                                                    },
    DataMaker{
              "cells",     "120 images of cells in four markers, as cellseg reads them",                        cellseg::make_cells},
    DataMaker{
              "pairs",     "800 photos of profiles and X-rays of skulls, as clinics keep them",
              pix2pix::make_pairs                                                                                                  },
    DataMaker{
              "scenes",    "224 images with boxes in the layout of DIOR, as heatmap.features reads them",
              heatmap::make_scenes                                                                                                 },
    DataMaker{
              "tiles",     "14,749 pairs of tiles of 69 donors with clinical.csv, as cellseg.infer reads them",
              cellseg::make_whole_cohort                                                                                           },
};

}  // namespace

std::span<const NativeJob> native_jobs() {
    return jobs;
}

std::span<const DataMaker> data_makers() {
    return makers;
}

}  // namespace xorch
