// What only a served page has: modules imported here register further panels.
