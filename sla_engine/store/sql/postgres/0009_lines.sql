-- These rows keep fewer lines than before: they are filled again from the log.
DELETE FROM projection_row WHERE projection IN ('worklist', 'petition_card');

DELETE FROM position WHERE follower IN ('projection/worklist', 'projection/petition_card');

DELETE FROM memory WHERE follower IN ('projection/worklist', 'projection/petition_card');

DELETE FROM dead_letter WHERE follower IN ('projection/worklist', 'projection/petition_card');
