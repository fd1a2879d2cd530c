#pragma once

#include <ostream>
#include <string>

#include "stampede/study/study.hpp"

namespace stampede {

/// All numbers of a result, one a line: subject,metric,estimate,low,high,n. Counts have no
/// interval; what is not a number is an empty field (RFC 4180).
std::string result_csv(const StudyResult& study);

/// What happened slice by slice, one number a line: replication,time_s,subject,metric,value.
/// Replications count from 1.
void write_timeseries_csv(const StudyResult& study, std::ostream& out);

}  // namespace stampede
