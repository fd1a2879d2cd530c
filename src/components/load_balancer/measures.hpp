#pragma once

#include "stampede/model/measures.hpp"

namespace stampede {

// What balancers measure, each where its mechanism is switched on.

inline const Measure suspicions{"load_balancer", Measure::count, "suspicions",
                                "times that a balancer took a backend for dead, by probes or "
                                "heart-beats"};
inline const Detector suspicion_detector{"failure_detection", suspicions};
inline const Measure mistaken_suspicions{"load_balancer", Measure::count, "mistaken_suspicions",
                                         "those of them of backends that were up"};
inline const Measure mistaken_ratio{"load_balancer", "mistaken_ratio",
                                    "share of the suspicions that were mistaken",
                                    mistaken_suspicions, suspicions};
inline const Measure detection_time{"load_balancer", Measure::times, "detection_time",
                                    "time from a backend's death until a balancer suspects it"};

inline const Measure ejections{"load_balancer", Measure::count, "ejections",
                               "backends that outlier detection ejected"};
inline const Detector ejection_detector{"outlier_detection", ejections};
inline const Measure ejection_overflows{"load_balancer", Measure::count, "ejection_overflows",
                                        "those that max_ejection_percent forbade to eject"};
inline const Measure judged_backends{"load_balancer", Measure::level, "judged_backends",
                                     "backends under outlier detection, all balancers together"};
inline const Measure ejected{"load_balancer", Measure::level, "ejected",
                             "those of them that are ejected"};
inline const Measure ejected_ratio{"load_balancer", "ejected_ratio",
                                   "share of the backends that is ejected, on average over time",
                                   ejected, judged_backends};

inline const Measure sent_requests{"load_balancer", Measure::count, "prioritized",
                                   "requests that were sent by levels of priority"};
inline const Measure spilled_requests{"load_balancer", Measure::count, "spilled",
                                      "those of them that went to a level below the first"};
inline const Measure spilled_ratio{"load_balancer", "spilled_ratio",
                                   "share of the requests that went to a level below the first",
                                   spilled_requests, sent_requests};

}  // namespace stampede
